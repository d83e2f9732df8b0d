/** `docs/glossary.md`: in order, each term once, and the code still has the words it is said to. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_DIR } from '../../../src/code-files.ts';

const text = readFileSync(join(PROJECT_DIR, 'docs/glossary.md'), 'utf8');
const terms = [...text.matchAll(/^\| (.+?) \|/gm)].map(([, term = '']) => term).slice(1);

test('each term stands once, in the order of the alphabet', () => {
  expect(terms.length).toBeGreaterThan(50);
  const compare = new Intl.Collator('en').compare;
  expect(terms).toEqual([...new Set(terms)].toSorted(compare));
});

const code = ['src', 'pipelines']
  .flatMap((folder) =>
    readdirSync(join(PROJECT_DIR, folder), { recursive: true, withFileTypes: true }),
  )
  .filter((entry) => entry.name.endsWith('.ts'))
  .map((entry) => `${entry.name}\n${readFileSync(join(entry.parentPath, entry.name), 'utf8')}`)
  .join('\n');

const words = [...text.matchAll(/In the code: `([^`]+)`/g)].map(([, word = '']) => word);

test.each(words)('"%s" is still a word of the code; else take it out of the glossary', (word) => {
  expect(new RegExp(String.raw`\b${word}\b`).test(code)).toBe(true);
});

test('every column that it names stands in docs/sql.md', () => {
  const sql = readFileSync(join(PROJECT_DIR, 'docs/sql.md'), 'utf8');
  const missing = [...text.matchAll(/`([a-z_]+)\.([a-z_]+)`/g)].filter(([, table, column]) => {
    const section = sql.split(`\n### ${table}\n`)[1]?.split('\n### ')[0] ?? '';
    return !section.includes(`| \`${column}\` |`);
  });
  expect(missing.map(([name]) => name)).toEqual([]);
});
