/** Another major version of Node than the one that runs, fetched from the registry and kept. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_DIR } from '../../src/code-files.ts';

/** The ends of what is promised: the oldest major that works, and the newest that was tried. */
const VERSIONS = ['24.21.0', '20.20.2'] as const;

const majorVersion = (version: string): string => version.split('.')[0] ?? '';

/** The path of its program. */
export function otherNode(): string {
  const [newest, oldest] = VERSIONS;
  const version = majorVersion(process.versions.node) === majorVersion(newest) ? oldest : newest;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(PROJECT_DIR, '.tickloom', `node-${version}`);
  const bin = join(folder, 'node_modules', name, 'bin', platform === 'win' ? 'node.exe' : 'node');
  if (existsSync(bin)) return bin;
  const npm = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit'];
  execFileSync('npm', [...npm, `${name}@${version}`], { stdio: 'pipe' });
  return bin;
}
