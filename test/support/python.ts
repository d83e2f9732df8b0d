/**
 * Python for tests and benches: whether there is one, and environments with packages, made the
 * first time and kept under the project's data.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_DIR } from '../../src/code-files.ts';

/** A test that needs it is skipped, with that as the reason, on a machine without. */
export const hasPython = spawnSync('python3', ['--version']).status === 0;

/** The interpreter of an environment with these packages (`name==version`). */
export function pythonWith(packages: readonly string[]): string {
  const hash = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const folder = join(PROJECT_DIR, '.tickloom', `python-${hash}`);
  const isWindows = process.platform === 'win32';
  const bin = join(folder, isWindows ? 'Scripts' : 'bin', isWindows ? 'python.exe' : 'python');
  if (existsSync(bin)) return bin;
  try {
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    execFileSync(bin, [...pip, ...packages], { stdio: 'pipe' });
    return bin;
  } catch (error) {
    // Half an environment would be taken for a whole one the next time.
    rmSync(folder, { recursive: true, force: true });
    const { stderr } = error as { stderr?: Buffer };
    const lastLine = stderr?.toString().trim().split('\n').at(-1);
    throw new Error(`python3 with venv and pip is needed: ${lastLine ?? String(error)}`, {
      cause: error,
    });
  }
}
