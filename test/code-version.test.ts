import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { codeVersion } from '../src/code-version.ts';

const dir = mkdtempSync(join(tmpdir(), 'tickloom-version-'));
const write = (path: string, text: string): void => {
  mkdirSync(join(dir, path, '..'), { recursive: true });
  writeFileSync(join(dir, path), text);
};
afterAll(() => rmSync(dir, { recursive: true }));

const COMMIT = 'b1938df'.padEnd(40, '0');

test('names the package version, and the commit where there is one', () => {
  write('package.json', '{"version": "1.2.3"}');
  expect(codeVersion(dir)).toBe('1.2.3');
  write('.git/HEAD', 'ref: refs/heads/main\n');
  expect(codeVersion(dir)).toBe('1.2.3');
  write('.git/packed-refs', `# pack-refs\n${COMMIT} refs/heads/main\n`);
  expect(codeVersion(dir)).toBe('1.2.3+b1938df');
  write('.git/refs/heads/main', `${'a'.repeat(40)}\n`);
  expect(codeVersion(dir)).toBe('1.2.3+aaaaaaa');
  write('.git/HEAD', `${COMMIT}\n`);
  expect(codeVersion(dir)).toBe('1.2.3+b1938df');
});
