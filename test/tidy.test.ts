/** The mechanical part of the style: read from the source itself. Numbers here only go down. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FLOW } from '../pipelines/flow.ts';
import { QUEUES } from '../src/queue/queue-names.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['pipelines', 'src', 'infra', 'test'];

function listFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('fixtures'));
}

const files = FOLDERS.flatMap(listFiles).map((file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return { file, text, lines: text.split('\n') };
});
const sources = files.filter(({ file }) => !file.startsWith('test/'));

/** What a file imports of the project, as paths from the root. */
const listImports = ({ file, text }: { file: string; text: string }): string[] =>
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

  test('the formatter is not outwitted: no literal is spread to save lines', () => {
    const outwitted = ({ text }: { readonly text: string }): string | null =>
      /^\s+\.\.\.\{ \w.*$/m.exec(text)?.[0] ?? null;
    expect(offending(outwitted, sources)).toEqual([]);
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

/**
 * Every folder of code, the lowest first. A file may import from its own folder and from those of
 * lines above it; folders of one line do not know each other. So no two folders import each other.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['src'],
  ['src/domain/records'],
  ['src/domain'],
  ['src/config'],
  ['src/indicators', 'src/money', 'src/market'],
  ['src/features/state'],
  ['src/features/default'],
  ['src/features'],
  ['src/learning/evidence'],
  ['src/learning'],
  ['src/stream'],
  ['src/files', 'src/kafka', 'src/questdb'],
  ['src/questdb/tables'],
  ['src/models'],
  ['src/postgres'],
  ['src/postgres/tables'],
  ['src/feeds', 'src/queue'],
  ['src/summaries'],
  ['pipelines'],
  ['src/runtime'],
  ['pipelines/stream'],
  ['pipelines/sink'],
  ['pipelines/trades'],
  ['pipelines/control'],
  ['pipelines/grades'],
  ['pipelines/labels'],
  ['pipelines/quality'],
  ['pipelines/dataset'],
  ['pipelines/review'],
  ['pipelines/training'],
  ['pipelines/reports'],
  ['pipelines/retention'],
  ['pipelines/feed'],
  ['src/http/tables'],
  ['src/http'],
  ['src/http/routes'],
  ['src/http/server'],
  ['src/app'],
  ['src/cli/support'],
  ['src/cli/commands'],
  ['src/cli'],
];
/** What is computed, whoever asks: it knows no server and no file. */
const PURE =
  /^src\/(domain|domain\/records|indicators|money|market|features|learning(\/evidence)?|stream)$/;
const folderName = (file: string): string => dirname(file);
const layerIndex = (folder: string): number => LAYERS.findIndex((layer) => layer.includes(folder));

describe('imports go one way', () => {
  // The page takes types from anywhere, and is imported by nobody.
  const ours = sources.filter(({ file }) => /^(src(?!\/web\/)|pipelines)\//.test(file));

  test('every folder has its place', () => {
    const folders = new Set(ours.map(({ file }) => folderName(file)));
    expect([...folders].filter((folder) => layerIndex(folder) < 0)).toEqual([]);
    expect(LAYERS.flat().filter((folder) => !folders.has(folder))).toEqual([]);
  });

  test('no file imports from a folder above its own, or beside it', () => {
    const wrong = offending((file) => {
      const own = folderName(file.file);
      const isWrong = (path: string): boolean => {
        const folder = folderName(path);
        return (
          folder !== own && !folder.startsWith('infra') && layerIndex(folder) >= layerIndex(own)
        );
      };
      return listImports(file).find(isWrong) ?? null;
    }, ours);
    expect(wrong).toEqual([]);
  });

  test('what is computed knows neither this machine nor a server', () => {
    const outside =
      /^(node:(?!buffer|crypto|util|zlib|assert|path)|kafkajs|pg|ioredis|bullmq|fastify)/;
    const wrong = offending(({ file, text }) => {
      if (!PURE.test(folderName(file))) return null;
      const names = [...text.matchAll(/ from '([^.'][^']*)'/g)].map(([, name]) => name ?? '');
      return names.find((name) => outside.test(name)) ?? null;
    }, ours);
    expect(wrong).toEqual([]);
  });

  test('the page takes types alone from the server', () => {
    const values = /^(import|export) (?!type)[^;]* from '\.\.\/(http|domain\/records)\//m;
    const wrong = offending(
      ({ file, text }) => (file.startsWith('src/web/') && values.test(text) ? 'a value' : null),
      sources,
    );
    expect(wrong).toEqual([]);
  });

  test('the flow imports no client library, but its types', () => {
    const clients =
      /^import (?!type)[^;]* from '(kafkajs|pg|ioredis|bullmq|@questdb\/nodejs-client|fastify)'/m;
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

  test('every node has its folder with a README, and every job its queue', () => {
    const folders = readdirSync(join(ROOT, 'pipelines'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(folders.toSorted()).toEqual(FLOW.map(({ name }) => name).toSorted());
    expect(FLOW.filter(({ name, file }) => !file.startsWith(`pipelines/${name}/`))).toEqual([]);
    for (const name of folders) {
      const readme = readFileSync(join(ROOT, 'pipelines', name, 'README.md'), 'utf8');
      expect(readme.split('\n')[0]).toBe(`# ${name}`);
      const named = [...readme.matchAll(/`([a-z][\w-]*\.ts)`/g)].map(([, file = '']) => file);
      const isAway = (file: string): boolean => !existsSync(join(ROOT, 'pipelines', name, file));
      expect(named.filter(isAway), name).toEqual([]);
    }
    const jobs = FLOW.filter(({ kind }) => kind === 'job').map(({ name }) => name);
    expect([...QUEUES].toSorted()).toEqual(jobs.toSorted());
  });

  test('whatever a stage reads is written by another', () => {
    const written = new Set(FLOW.flatMap(({ writes }) => writes));
    const unwritten = FLOW.flatMap(({ name, reads }) =>
      reads.filter((read) => !written.has(read)).map((read) => `${name} reads ${read}`),
    );
    expect(unwritten).toEqual([]);
  });
});
