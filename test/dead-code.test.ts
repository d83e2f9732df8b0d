/** Files and exports that nothing uses, by knip: what is not used is not kept. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_DIR } from '../src/code-files.ts';

test('every file and every export is used', () => {
  const knip = join(PROJECT_DIR, 'node_modules', '.bin', 'knip');
  const kinds = 'files,exports,types,duplicates';
  const args = ['--include', kinds, '--no-config-hints', '--no-progress'];
  const { status, stdout } = spawnSync(knip, args, { cwd: PROJECT_DIR, encoding: 'utf8' });
  expect(stdout.trim()).toBe('');
  expect(status).toBe(0);
}, 60_000);
