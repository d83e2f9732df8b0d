/** Names in plain English, read from the code itself: the words of the field, a verb for an act. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

const files = ['pipelines', 'src', 'infra', 'test']
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
  .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
  .filter((file) => !file.includes('fixtures') && file !== 'test/names.test.ts')
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));

/** Each file with its words that are wrong. */
const offending = (wrongIn: (text: string) => readonly string[]): string[] =>
  files.flatMap(({ file, text }) => {
    const wrong = new Set(wrongIn(text));
    return wrong.size === 0 ? [] : [`${file}: ${[...wrong].join(', ')}`];
  });

/** English of the field, or the name of somebody else's function. */
const WITH_OF: readonly RegExp[] = [
  // As it was known at a time.
  /^asOf$|AsOf$/,
  // JSON Schema and its builders.
  /^(anyOf|oneOf)$/,
  // JavaScript and vitest.
  /^(indexOf|lastIndexOf|getPrototypeOf|toBeInstanceOf)$/,
];

const namesWithOf = (text: string): string[] =>
  (text.match(/\b[a-z]\w*Of\b/g) ?? []).filter((name) => !WITH_OF.some((re) => re.test(name)));

describe('names', () => {
  test('say what is done or what it is: no `xOf`', () => {
    expect(offending(namesWithOf)).toEqual([]);
    expect(namesWithOf('const lineOf = readFeaturesAsOf(x.indexOf(y))')).toEqual(['lineOf']);
  });
});
