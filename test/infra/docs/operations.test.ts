/** `docs/operations.md` says of every alert what it means and what is to be done. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_DIR } from '../../../src/code-files.ts';

const page = readFileSync(join(PROJECT_DIR, 'docs', 'operations.md'), 'utf8');

const raised = ['src', 'pipelines']
  .flatMap((folder) =>
    readdirSync(join(PROJECT_DIR, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join(PROJECT_DIR, folder, path), 'utf8')),
  )
  .filter((text) => /\b(NewAlert|settleAlerts)\b/.test(text))
  .flatMap((text) => [...text.matchAll(/(?:key: |key = |kind = )[`']([a-z_-]+):/g)])
  .map(([, begin]) => begin ?? '');

test('there are alerts', () => {
  expect(new Set(raised).size).toBeGreaterThan(12);
});

test.each([...new Set(raised)].toSorted())('%s: stands on the page', (begin) => {
  expect(page).toMatch(new RegExp(`^\\| \`${begin}:`, 'm'));
});

test('nothing stands there that is raised no more', () => {
  const table = page.split('## Alerts')[1]?.split('\n## ')[0] ?? '';
  const named = [...table.matchAll(/^\| `([a-z_-]+):/gm)].map(([, begin]) => begin ?? '');
  expect(named.filter((begin) => !raised.includes(begin))).toEqual([]);
});
