/** The blocks of the README and of `docs/`: language, text, and what a test runs of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Block {
  readonly language: string;
  readonly text: string;
  /** The page and the number of its first line, for people. */
  readonly place: string;
}

/** Every block with a language, the README's first; pictures have none. */
export function readBlocks(root: string): Block[] {
  const pages = readdirSync(join(root, 'docs')).toSorted();
  return ['README.md', ...pages.map((name) => `docs/${name}`)].flatMap((page) =>
    blocksIn(page, readFileSync(join(root, page), 'utf8')),
  );
}

function blocksIn(page: string, text: string): Block[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1] ?? '',
    text: match[2] ?? '',
    place: `${page}:${text.slice(0, match.index).split('\n').length + 1}`,
  }));
}

/** The commands of a shell block: one a line, without what is said of it behind a `#`. */
export const parseCommands = ({ text }: Block): string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');

/** The statements of an SQL block, without comments. */
export const parseStatements = ({ text }: Block): string[] =>
  text
    .replaceAll(/--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');

/** The lines of a Python block of one-liners, each a frame of its own. */
export const parseFrames = ({ text }: Block): string[] =>
  text.split('\n').filter((line) => /^(pd|pl|duckdb|cx)\./.test(line));
