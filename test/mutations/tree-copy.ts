/**
 * A copy of the project in a directory of its own, for patches that must never touch the project
 * itself: all that git knows or would take, with the installed packages linked.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Patch } from './mutation.ts';

const FILES = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];

export class TreeCopy {
  readonly dir: string;

  constructor(root: string) {
    this.dir = realpathSync(mkdtempSync(join(tmpdir(), 'tickloom-mutations-')));
    const listed = execFileSync('git', FILES, { cwd: root, encoding: 'utf8' }).split('\0');
    for (const file of listed) {
      const from = join(root, file);
      // A file that is deleted and not yet committed is still listed; the links are made below.
      if (file === '' || file === 'node_modules' || !existsSync(from)) continue;
      cpSync(from, join(this.dir, file));
    }
    symlinkSync(realpathSync(join(root, 'node_modules')), join(this.dir, 'node_modules'), 'dir');
  }

  /** Does the work on the patched copy, and takes the patches back whatever comes of it. */
  async patched<T>(patches: readonly Patch[], work: () => Promise<T>): Promise<T> {
    const before = new Map<string, string>();
    try {
      for (const { file, find, replace } of patches) {
        const path = join(this.dir, file);
        const text = readFileSync(path, 'utf8');
        before.set(path, before.get(path) ?? text);
        const places = text.split(find).length - 1;
        if (places !== 1) {
          throw new Error(
            `the source has changed, renew this mutation: ${file} holds its text ${places} times`,
          );
        }
        writeFileSync(
          path,
          text.replace(find, () => replace),
        );
      }
      return await work();
    } finally {
      for (const [path, text] of before) writeFileSync(path, text);
    }
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
