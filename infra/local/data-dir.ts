/**
 * The data directory: what lies where, whether it is ours, and whether there is room. Promise:
 * nothing is ever deleted from a directory that tickloom did not mark as its own.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StackError } from './stack-error.ts';

const MARKER = '.tickloom-data';
const NEEDED_BYTES = 1024 ** 3;

export const SERVER_NAMES = ['kafka', 'questdb', 'postgres', 'redis'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

export const serverDir = (dataDir: string, name: ServerName): string => join(dataDir, name);
export const logFile = (dataDir: string, name: ServerName): string =>
  join(dataDir, 'logs', `${name}.log`);
export const recordFile = (dataDir: string, name: string): string =>
  join(dataDir, 'run', `${name}.json`);

/** `1.4 GB`. */
const inGb = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** The sentence for a disk with too little room, or null. */
export function diskProblem(dataDir: string, freeBytes: number): string | null {
  if (freeBytes >= NEEDED_BYTES) return null;
  return (
    `only ${inGb(freeBytes)} are free where the data directory lies (${dataDir}), and servers ` +
    `need ${inGb(NEEDED_BYTES)}: free some, or set TICKLOOM_DATA_DIR to a larger disk`
  );
}

/**
 * Makes and marks the data directory. Throws `StackError` when it is foreign or the disk is full.
 */
export function openDataDir(dataDir: string): void {
  const marker = join(dataDir, MARKER);
  if (!existsSync(marker)) {
    const foreign = SERVER_NAMES.filter((name) => existsSync(serverDir(dataDir, name)));
    if (foreign.length > 0) {
      throw new StackError(
        `${dataDir} holds ${foreign.join(', ')} but was not made by tickloom: ` +
          'set TICKLOOM_DATA_DIR to a directory of its own',
      );
    }
  }
  try {
    for (const name of ['logs', 'run']) mkdirSync(join(dataDir, name), { recursive: true });
    writeFileSync(
      marker,
      'The data of a tickloom installation; `tickloom stack reset` clears it.\n',
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StackError(`the data directory cannot be used: ${reason} (TICKLOOM_DATA_DIR)`);
  }
  // Root's temporary directories are closed, and PostgreSQL, another user, has to pass. What lies
  // inside is closed one by one.
  if (process.getuid?.() === 0) chmodSync(dataDir, statSync(dataDir).mode | 0o011);
  const { bavail, bsize } = statfsSync(dataDir);
  const problem = diskProblem(dataDir, bavail * bsize);
  if (problem !== null) throw new StackError(problem);
}

/** A directory that only its owner reads: the servers' data hold everything there is. */
export function privateDir(path: string): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o700);
  return path;
}

/** Deletes the servers' data, logs and records; artefacts and everything else stay. */
export function clearDataDir(dataDir: string): void {
  if (!existsSync(dataDir) || readdirSync(dataDir).length === 0) return;
  if (!existsSync(join(dataDir, MARKER))) {
    throw new StackError(
      `${dataDir} has no ${MARKER}: it is not a data directory of tickloom, nothing was deleted`,
    );
  }
  for (const name of [...SERVER_NAMES, 'logs', 'run']) {
    rmSync(join(dataDir, name), { recursive: true, force: true });
  }
}
