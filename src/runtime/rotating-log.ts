/**
 * A log of bounded size: a file that is put aside when it has grown, with so many kept. Promise: a
 * full disk loses lines and never the process that writes them.
 */
import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';

export interface LogBounds {
  /** Of one file. */
  readonly maxBytes: number;
  /** Files that are kept besides the one that is written. */
  readonly keep: number;
}

export const LOG_BOUNDS: LogBounds = { maxBytes: 20_000_000, keep: 3 };

export class RotatingLog {
  private readonly path: string;
  private readonly bounds: LogBounds;
  private fd: number | null = null;
  private bytes = 0;

  constructor(path: string, bounds = LOG_BOUNDS) {
    this.path = path;
    this.bounds = bounds;
  }

  /** Never throws. */
  write(chunk: Buffer): void {
    try {
      this.fd ??= this.open();
      if (this.bytes > 0 && this.bytes + chunk.length > this.bounds.maxBytes) {
        this.close();
        shift(this.path, this.bounds.keep);
        this.fd = this.open();
      }
      writeSync(this.fd, chunk);
      this.bytes += chunk.length;
    } catch {
      // A disk without room takes no words about it either.
    }
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  private open(): number {
    const fd = openSync(this.path, 'a', 0o600);
    this.bytes = fstatSync(fd).size;
    return fd;
  }
}

/** `log.2` -> `log.3`, `log.1` -> `log.2`, `log` -> `log.1`; the oldest goes. */
function shift(path: string, keep: number): void {
  rmSync(`${path}.${keep}`, { force: true });
  for (let n = keep - 1; n >= 1; n--) move(`${path}.${n}`, `${path}.${n + 1}`);
  move(path, `${path}.1`);
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/**
 * The same for a file that another program has open for appending: its content is copied, then cut
 * off. What is written in between is lost. Never throws.
 */
export function rotateInPlace(path: string, { maxBytes, keep }: LogBounds = LOG_BOUNDS): void {
  try {
    if (statSync(path).size <= maxBytes) return;
    rmSync(`${path}.${keep}`, { force: true });
    for (let n = keep - 1; n >= 1; n--) move(`${path}.${n}`, `${path}.${n + 1}`);
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  } catch {
    // It is not there yet, or there is no room: the next look finds it again.
  }
}
