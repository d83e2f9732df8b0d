/**
 * Which code made something: the package's version, and the commit where the clone has one. It is
 * kept beside what was made (a model's manifest), never inside of what has to be equal bytes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_DIR } from './code-files.ts';

/** `0.1.0+b1938df`, or `0.1.0` where there is no commit to name. */
export function codeVersion(dir: string = PROJECT_DIR): string {
  const { version } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
    version: string;
  };
  const commit = readCommit(join(dir, '.git'));
  return commit === null ? version : `${version}+${commit.slice(0, 7)}`;
}

const COMMIT = /^[0-9a-f]{40}$/;

function readCommit(git: string): string | null {
  const head = readText(join(git, 'HEAD'));
  const ref = /^ref: (.+)$/.exec(head)?.[1];
  if (ref === undefined) return COMMIT.test(head) ? head : null;
  const loose = readText(join(git, ref));
  if (COMMIT.test(loose)) return loose;
  const packed = readText(join(git, 'packed-refs')).split('\n');
  return packed.find((line) => line.endsWith(` ${ref}`))?.slice(0, 40) ?? null;
}

const readText = (file: string): string =>
  existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
