/** A mutation whose text is not in the source any more guards nothing: told here, in no time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { MUTATIONS } from './mutations.ts';

const sources = new Map<string, string>();

function readSource(file: string): string {
  const text = sources.get(file) ?? readFileSync(join(PROJECT_DIR, file), 'utf8');
  sources.set(file, text);
  return text;
}

test('every patch of every mutation is to be made at one place of the source', () => {
  const wrong = MUTATIONS.flatMap(({ name, patches }) =>
    patches.flatMap(({ file, find }) => {
      const places = readSource(file).split(find).length - 1;
      return places === 1 ? [] : [`${name}: ${file} holds its text ${places} times`];
    }),
  );
  expect(wrong).toEqual([]);
});

test('no two mutations have one name, and each test that they break is in its file', () => {
  const names = MUTATIONS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const missing = MUTATIONS.filter(({ breaks }) => !readSource(breaks.file).length);
  expect(missing).toEqual([]);
});
