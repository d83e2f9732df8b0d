/**
 * The data directory: what lies where, whether it is ours, and whether there is room. Promise:
 * nothing is ever deleted from a directory that tickloom did not mark as its own, and nobody but
 * its owner reads or writes what lies in it.
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
/** What a start makes beside the servers' own; programs in `artefacts` are public, and stay open. */
const OWN_DIRS = ['logs', 'run', 'exports'];
const OWN_FILES = [MARKER, 'credentials.json', 'http-token', 'control.key', 'control-keys.json'];
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
    for (const name of OWN_DIRS) mkdirSync(join(dataDir, name), { recursive: true });
    writeFileSync(
      marker,
      'The data of a tickloom installation; `tickloom stack reset` clears it.\n',
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StackError(`the data directory cannot be used: ${reason} (TICKLOOM_DATA_DIR)`);
  }
  closeDataDir(dataDir);
  const { bavail, bsize } = statfsSync(dataDir);
  const problem = diskProblem(dataDir, bavail * bsize);
  if (problem !== null) throw new StackError(problem);
}

/**
 * Closes what is in it to everybody else, also what was open before. Root lets others pass through
 * to PostgreSQL, which is another user, and to the programs.
 */
function closeDataDir(dataDir: string): void {
  for (const name of OWN_DIRS) privateDir(join(dataDir, name));
  const logs = readdirSync(join(dataDir, 'logs')).map((name) => join('logs', name));
  for (const name of [...OWN_FILES, ...logs]) {
    const file = join(dataDir, name);
    if (existsSync(file) && statSync(file).isFile()) chmodSync(file, 0o600);
  }
  const isRoot = process.getuid?.() === 0;
  const ours = new Set<string>([...SERVER_NAMES, ...OWN_DIRS, ...OWN_FILES, 'artefacts']);
  // A directory that was somebody's before (a home, a temporary one) keeps its way in.
  if (readdirSync(dataDir).every((name) => ours.has(name))) {
    chmodSync(dataDir, isRoot ? 0o711 : 0o700);
  } else if (isRoot) chmodSync(dataDir, (statSync(dataDir).mode & 0o7777) | 0o011);
}

/** A directory that only its owner reads: the servers' data hold everything there is. */
export function privateDir(path: string): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o700);
  return path;
}

/** Deletes the servers' data, passwords, logs and records; artefacts and everything else stay. */
export function clearDataDir(dataDir: string): void {
  if (!existsSync(dataDir) || readdirSync(dataDir).length === 0) return;
  if (!existsSync(join(dataDir, MARKER))) {
    throw new StackError(
      `${dataDir} has no ${MARKER}: it is not a data directory of tickloom, nothing was deleted`,
    );
  }
  for (const name of [...SERVER_NAMES, 'logs', 'run', 'credentials.json']) {
    rmSync(join(dataDir, name), { recursive: true, force: true });
  }
}
