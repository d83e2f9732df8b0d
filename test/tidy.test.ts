/** The mechanical part of the style: read from the source itself. Numbers here only go down. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FLOW } from '../pipelines/flow.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['pipelines', 'src', 'infra', 'test'];

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('fixtures'));
}

const files = FOLDERS.flatMap(filesOf).map((file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return { file, text, lines: text.split('\n') };
});
const sources = files.filter(({ file }) => !file.startsWith('test/'));

/** What a file imports of the project, as paths from the root. */
const importsOf = ({ file, text }: { file: string; text: string }): string[] =>
  [...text.matchAll(/from '(\.[^']+)'/g)].map((match) =>
    relative(ROOT, join(ROOT, file, '..', match[1] ?? '')),
  );

const offending = (
  test_: (file: (typeof files)[number]) => string | null,
  among = files,
): string[] =>
  among.flatMap((file) => {
    const found = test_(file);
    return found === null ? [] : [`${file.file}: ${found}`];
  });

/** A test's title, a query or a pattern is one piece that no formatter can break. */
const isOnePiece = (line: string): boolean =>
  /^\s*(test|describe)\(/.test(line) || /^\s*(const \w+ = )?[`'/].{60,}$/.test(line);

describe('size', () => {
  test('no line is longer than 100 columns', () => {
    const long = offending(({ lines }) => {
      const at = lines.findIndex((line) => line.length > 100 && !isOnePiece(line));
      return at < 0 ? null : `line ${at + 1} has ${lines[at]?.length} columns`;
    });
    expect(long).toEqual([]);
  });

  test('no source file is longer than 400 lines', () => {
    const long = offending(
      ({ lines }) => (lines.length > 401 ? `${lines.length} lines` : null),
      sources,
    );
    expect(long).toEqual([]);
  });

  test('no function is longer than 70 lines', () => {
    expect(offending(({ lines }) => longFunction(lines), sources)).toEqual([]);
  });
});

const NO_HEAD = /=>|^\s*(if|for|while|switch|return|catch)\b/;

/** By indentation, which the formatter guarantees: from a function's head to its closing brace. */
function longFunction(lines: readonly string[]): string | null {
  const head =
    /^(\s*)(?:export )?(?:default )?(?:async )?(?:function\b|(?:private |static )?(?:async )?\w+\([^)]*\).*\{$)/;
  for (let i = 0; i < lines.length; i++) {
    const match = head.exec(lines[i] ?? '');
    if (match === null || NO_HEAD.test(lines[i] ?? '')) continue;
    const end = lines.findIndex((line, at) => at > i && line === `${match[1]}}`);
    if (end - i > 70) return `the function at line ${i + 1} has ${end - i + 1} lines`;
  }
  return null;
}

describe('homes', () => {
  const homes: [RegExp, string[]][] = [
    [/\bDate\.now\(|\bnew Date\(\)/, ['src/clock.ts']],
    [/\bMath\.random\(|\brandomUUID\(/, ['src/random.ts']],
    [/from 'decimal\.js'/, ['src/domain/exact.ts']],
    [/\bprocess\.env\b/, ['src/config/config.ts', 'infra/setup.mjs', 'infra/bin/tickloom.mjs']],
  ];
  test.each(homes)('%s stands in its home alone', (pattern, home) => {
    const code = (line: string): string => line.replace(/^\s*(\*|\/\/|\/\*).*$/, '');
    const strays = offending(
      ({ file, lines }) =>
        !home.includes(file) && lines.some((line) => pattern.test(code(line))) ? 'has it' : null,
      sources,
    );
    expect(strays).toEqual([]);
  });

  test('nothing is left to do in a comment', () => {
    const marks = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|'));
    expect(offending(({ text }) => (marks.test(text) ? 'has a mark' : null))).toEqual([]);
  });
});

describe('imports go one way', () => {
  const may: Record<string, RegExp> = {
    'src/domain/': /^src\/(domain\/|assert)/,
    'src/indicators/': /^src\/(domain|indicators)\/|^src\/assert/,
    'src/learning/': /^src\/(domain|learning)\/|^src\/(assert|random)/,
    'src/ledger/': /^src\/(domain|ledger)\/|^src\/assert/,
    'src/features/': /^src\/(domain|indicators|features)\/|^src\/assert/,
    'src/stream/': /^src\/(domain|stream)\/|^src\/(assert|clock)/,
    'src/adapters/': /^(?!pipelines)/,
    'src/tables/': /^(?!pipelines)/,
  };
  test.each(Object.entries(may))('%s sees only what lies below it', (folder, allowed) => {
    const wrong = offending((file) => {
      if (!file.file.startsWith(folder)) return null;
      return importsOf(file).find((path) => !allowed.test(path)) ?? null;
    }, sources);
    expect(wrong).toEqual([]);
  });

  test('the flow imports no client library', () => {
    const clients = /from '(kafkajs|pg|ioredis|bullmq|@questdb\/nodejs-client|fastify)'/;
    const leaks = offending(
      ({ file, text }) => (file.startsWith('pipelines/') && clients.test(text) ? 'a client' : null),
      sources,
    );
    expect(leaks).toEqual([]);
  });
});

describe('the flow', () => {
  test('every file begins with a header', () => {
    const bare = offending(
      ({ text }) => (/^(#!.*\n)?\/\*\*/.test(text) ? null : 'begins without one'),
      sources.filter(({ file }) => file.startsWith('pipelines/') || file.startsWith('src/')),
    );
    expect(bare).toEqual([]);
  });

  test('whatever a stage reads is written by another', () => {
    const written = new Set(FLOW.flatMap(({ writes }) => writes));
    const unwritten = FLOW.flatMap(({ name, reads }) =>
      reads.filter((read) => !written.has(read)).map((read) => `${name} reads ${read}`),
    );
    expect(unwritten).toEqual([]);
  });
});
