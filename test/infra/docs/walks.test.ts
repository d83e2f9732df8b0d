/** The walks of `docs/architecture.md`: each step is a folder that is there, none comes twice. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_DIR } from '../../../src/code-files.ts';
import { must } from '../../../src/assert.ts';

const text = readFileSync(join(PROJECT_DIR, 'docs', 'architecture.md'), 'utf8');
const section = must(/## Three walks\n([\s\S]*?)\n## /.exec(text))[1] ?? '';
const walks = section.split(/^\*\*/m).slice(1);

test('there are three', () => {
  expect(walks).toHaveLength(3);
});

test.each(walks.map((walk) => [must(walk.split('**')[0]), walk] as const))('%s', (_, walk) => {
  const folders = [...walk.matchAll(/\| `([\w/-]+\/)` \|$/gm)].map(([, folder]) => must(folder));
  expect(folders.length).toBeGreaterThan(3);
  expect(folders.filter((folder) => !existsSync(join(PROJECT_DIR, folder)))).toEqual([]);
  expect(new Set(folders).size).toBe(folders.length);
});
