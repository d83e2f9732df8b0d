/**
 * A disk of its own for one server's data, only just large enough, that can be filled to the last
 * byte: a tmpfs mounted over the data directory. Mounting takes root.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 1024 * 1024;
const FILLER = 'filler';

export class SmallDisk {
  private readonly dir: string;
  private readonly beside: string;

  private constructor(dir: string) {
    this.dir = dir;
    this.beside = `${dir}-before`;
  }

  /** Moves what lies in `dir` onto a disk with so much room beside it. Nobody may be using it. */
  static under(dir: string, spareMib: number): SmallDisk {
    const disk = new SmallDisk(dir);
    const used = Number(execFileSync('du', ['-sm', dir], { encoding: 'utf8' }).split('\t')[0]);
    mkdirSync(disk.beside, { recursive: true });
    copy(dir, disk.beside);
    const size = `size=${used + spareMib}m`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'tickloom-small', dir]);
    copy(disk.beside, dir);
    return disk;
  }

  /** Leaves not one byte free; returns how many MiB that took. */
  fill(): number {
    const file = openSync(join(this.dir, FILLER), 'w');
    try {
      for (const size of [MIB, 4_096]) {
        const block = Buffer.alloc(size, 1);
        try {
          while (writeSync(file, block) > 0);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
    } finally {
      closeSync(file);
    }
    const { blocks, bsize } = statfsSync(this.dir);
    return Math.round((blocks * bsize) / MIB);
  }

  free(): void {
    rmSync(join(this.dir, FILLER), { force: true });
  }

  /** The data vanish with it. */
  remove(): void {
    // Lazily: a process that is just ending may still hold a file of it.
    execFileSync('umount', ['-l', this.dir]);
    rmSync(this.beside, { recursive: true, force: true });
  }
}

/** Owners, modes and holes as they are, those of the directory itself too. */
const copy = (from: string, to: string): void => {
  execFileSync('cp', ['-a', '--sparse=always', `${from}/.`, `${to}/`]);
};
