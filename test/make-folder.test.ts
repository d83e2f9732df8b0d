/** A folder and those above it. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolder } from '../src/make-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'tickloom-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

test('is made with those above it, once, whoever else makes it', async () => {
  const path = join(root, 'a/b/c');
  await Promise.all([makeFolder(path), makeFolder(path)]);
  await makeFolder(path);
  expect(existsSync(path)).toBe(true);
});

test.runIf(process.platform === 'linux')('that cannot be made is refused at once', async () => {
  await expect(makeFolder('/proc/tickloom/set')).rejects.toThrow(
    /ENOENT.*mkdir '\/proc\/tickloom'/,
  );
});
