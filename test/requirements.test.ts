import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_DIR } from '../src/code-files.ts';
import { REQUIREMENTS } from './requirements.ts';

/** How many numbers each letter of the founding requirements has. */
const COUNTS = { F: 5, A: 9, B: 9, C: 8, D: 10, E: 7, X: 12 };

test('every founding requirement has an answer, and no other number has one', () => {
  const expected = Object.entries(COUNTS).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
  );
  expect(Object.keys(REQUIREMENTS).toSorted()).toEqual(expected.toSorted());
});

test('everything that an answer names exists', () => {
  const missing = Object.entries(REQUIREMENTS).flatMap(([number, answer]) =>
    'shown' in answer
      ? answer.shown
          .filter((path) => !existsSync(join(PROJECT_DIR, path)))
          .map((path) => `${number}: ${path}`)
      : [],
  );
  expect(missing).toEqual([]);
});
