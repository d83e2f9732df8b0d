/**
 * Where PostgreSQL's data and programs lie, and as whom it runs. Promise: it never runs as root,
 * which it refuses, and data that exist are used where they lie, whatever the modes around them.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import { serverDir } from './data-dir.ts';
import { StackError } from './stack-error.ts';

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export interface Home {
  /** Holds `data`. */
  readonly dir: string;
  /** Null: the programs among the artefacts; else a copy that the other user can reach. */
  readonly programs: string | null;
  /** What root has to give to another user; null where we are no root. */
  readonly identity: Identity | null;
}

/**
 * The user and group that a server of root's runs as, from the text of `/etc/passwd`. Before
 * `nobody` comes `daemon`, the account of daemons that keep files: `nobody` is to own none.
 */
export function unprivileged(passwd: string): Identity {
  const users = passwd.split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'daemon', 'nobody']) {
    const user = users.find((fields) => fields[0] === name);
    const [uid, gid] = [Number(user?.[2]), Number(user?.[3])];
    if (uid > 0 && gid > 0) return { uid, gid };
  }
  return { uid: 65_534, gid: 65_534 };
}

/** The first directory down to `path` that a user without rights of its own may not pass. */
function closedTo({ uid, gid }: Identity, path: string): string | null {
  let closed: string | null = null;
  for (let dir = path; dir !== dirname(dir); dir = dirname(dir)) {
    if (!existsSync(dir)) continue;
    const at = statSync(dir);
    const bit = at.uid === uid ? 0o100 : at.gid === gid ? 0o010 : 0o001;
    if ((at.mode & bit) === 0) closed = dir;
  }
  return closed;
}

/**
 * Root's own directories are often closed to everybody else. Then a new PostgreSQL, which will not
 * run as root, lives in a directory of its own that survives a restart of the machine. One that
 * exists stays: to look for it elsewhere would be to begin with nothing.
 */
export function findHome({ dataDir, artefactsDir }: Config): Home {
  const inside = serverDir(dataDir, 'postgres');
  if (process.getuid?.() !== 0) return { dir: inside, programs: null, identity: null };
  const identity = unprivileged(readFileSync('/etc/passwd', 'utf8'));
  const outside = outsideDir(dataDir);
  const kept = [outside, inside].find((dir) => existsSync(join(dir, 'data')));
  const dir = kept ?? (closedTo(identity, dirname(inside)) === null ? inside : outside);
  const isOpen = dir === inside && closedTo(identity, artefactsDir) === null;
  return { dir, programs: isOpen ? null : join(outside, 'programs'), identity };
}

/** Where PostgreSQL lives, or its programs, when root's data directory is closed to others. */
export function outsideDir(dataDir: string): string {
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  return join('/var/tmp', `tickloom-postgres-${hash}`);
}

/**
 * Makes the home ours to use and, when we are root, the other user's to own; data that another
 * identity has left are handed over. Throws `StackError` where that user cannot come.
 */
export function openHome({ dir, programs, identity }: Home): void {
  for (const each of programs === null ? [dir] : [dir, dirname(programs)]) ownDir(each, identity);
  if (identity === null) return;
  handOver(join(dir, 'data'), identity);
  const closed = closedTo(identity, dir);
  if (closed === null) return;
  throw new StackError(
    `PostgreSQL's data are in ${dir}, and user ${identity.uid}, as whom it runs, cannot pass ` +
      `${closed}: chmod o+x ${closed}, or move the data directory to where others may pass`,
  );
}

function ownDir(dir: string, identity: Identity | null): void {
  mkdirSync(dir, { recursive: true });
  const holder = statSync(dir).uid;
  const expected = identity?.uid ?? process.getuid?.() ?? holder;
  if (identity === null && holder !== expected) {
    throw new StackError(
      `${dir} belongs to user ${holder}, probably from a run as root: start as that user, ` +
        'or `tickloom stack reset` as root',
    );
  }
  if (identity !== null && holder !== identity.uid) chownSync(dir, identity.uid, identity.gid);
  chmodSync(dir, 0o700);
}

/** The directory itself comes last: an interruption is noticed at the next start. */
function handOver(path: string, { uid, gid }: Identity): void {
  if (!existsSync(path) || statSync(path).uid === uid) return;
  for (const entry of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
    lchownSync(join(path, entry), uid, gid);
  }
  chownSync(path, uid, gid);
}
