/**
 * PostgreSQL for one machine, loopback only, whoever is on the machine is trusted. Promise: user
 * and database of the configured URL exist when it is ready, and it never runs as root, which it
 * refuses: then it is `postgres` or `nobody`.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import type { Config } from '../../src/config.ts';
import { serverDir } from './data-dir.ts';
import { endpointOf, type Endpoint } from './ports.ts';
import { lastLines, runProgram } from './run-program.ts';
import type { LocalServer, Programs } from './server.ts';
import { StackError } from './stack-error.ts';

interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** The user and group that a server of root's runs as, from the text of `/etc/passwd`. */
export function unprivileged(passwd: string): Identity {
  const users = passwd.split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const user = users.find((fields) => fields[0] === name);
    const [uid, gid] = [Number(user?.[2]), Number(user?.[3])];
    if (uid > 0 && gid > 0) return { uid, gid };
  }
  return { uid: 65_534, gid: 65_534 };
}

/** Whether a user with no rights of its own may walk down to `path`. */
function reachable(path: string, { uid, gid }: Identity): boolean {
  for (let dir = path; dir !== dirname(dir); dir = dirname(dir)) {
    if (!existsSync(dir)) continue;
    const at = statSync(dir);
    const bit = at.uid === uid ? 0o100 : at.gid === gid ? 0o010 : 0o001;
    if ((at.mode & bit) === 0) return false;
  }
  return true;
}

/** Where data and programs lie, and as whom they run. */
interface Home {
  /** Holds `data`. */
  readonly dir: string;
  /** Null: the programs among the artefacts; else a copy that the other user can reach. */
  readonly programs: string | null;
  readonly identity: Identity | null;
}

/**
 * Root's own directories are often closed to everybody else. Then PostgreSQL, which will not run as
 * root, lives in a directory of its own that survives a restart of the machine.
 */
function homeOf(config: Config): Home {
  const dir = serverDir(config.dataDir, 'postgres');
  if (process.getuid?.() !== 0) return { dir, programs: null, identity: null };
  const identity = unprivileged(readFileSync('/etc/passwd', 'utf8'));
  const hash = createHash('sha256').update(config.dataDir).digest('hex').slice(0, 12);
  const outside = join('/var/tmp', `tickloom-postgres-${hash}`);
  const open = reachable(dirname(dir), identity) && reachable(config.artefactsDir, identity);
  // Data that an earlier start has put outside stay there, also once the way in is open.
  if (open && !existsSync(join(outside, 'data'))) return { dir, programs: null, identity };
  return { dir: outside, programs: join(outside, 'programs'), identity };
}

const settingsOf = ({ host, port }: Endpoint): [string, string][] => [
  ['listen_addresses', host],
  ['port', String(port)],
  // The host name decides who is let in, and there is no other way.
  ['unix_socket_directories', ''],
  ['max_connections', '100'],
  ['shared_buffers', '128MB'],
  ['max_wal_size', '512MB'],
  ['timezone', 'UTC'],
  ['log_timezone', 'UTC'],
  ['log_min_messages', 'warning'],
  ['log_checkpoints', 'off'],
];

/** Ours to use and, when we are root, the other user's to own. */
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

async function initialise(home: Home, bin: string, user: string): Promise<void> {
  const data = join(home.dir, 'data');
  if (existsSync(data)) return;
  // Sorted by code point, so that an order does not depend on the machine.
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  // A start that is interrupted here leaves no half a cluster under the name.
  const making = `${data}.making`;
  rmSync(making, { recursive: true, force: true });
  const args = ['-D', making, '-U', user, '--auth=trust', '--encoding=UTF8', ...locale];
  const { code, output } = await runProgram(join(bin, 'initdb'), args, {
    cwd: home.dir,
    env: { LC_ALL: 'C', TZ: 'UTC' },
    ...home.identity,
  });
  if (code !== 0) throw new StackError(`PostgreSQL's initdb failed:\n${lastLines(output)}`);
  renameSync(making, data);
}

/**
 * A killed server leaves its lock file, and the next refuses to start when the id in it belongs to
 * anybody by now. The records have said that none of ours runs: a lock of no PostgreSQL goes.
 */
function dropStaleLock(data: string): void {
  const lock = join(data, 'postmaster.pid');
  if (!existsSync(lock)) return;
  const pid = readFileSync(lock, 'utf8').split('\n')[0] ?? '';
  const command = `/proc/${pid}/cmdline`;
  if (!existsSync('/proc/self')) return;
  if (existsSync(command) && readFileSync(command, 'utf8').includes(data)) return;
  rmSync(lock);
}

const quoted = (name: string): string => escapeIdentifier(name);

async function withClient(url: string, use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await use(client);
  } finally {
    await client.end();
  }
}

/** Connects to the configured database; the first time it is made. */
async function answers(url: string): Promise<void> {
  const check = async (client: Client): Promise<void> => {
    await client.query('select 1');
  };
  try {
    await withClient(url, check);
  } catch (error) {
    if ((error as { code?: string }).code !== '3D000') throw error;
    const admin = new URL(url);
    const database = decodeURIComponent(admin.pathname.slice(1));
    admin.pathname = '/postgres';
    await withClient(admin.href, async (client) => {
      await client.query(`create database ${quoted(database)}`);
    });
    await withClient(url, check);
  }
}

/** PostgreSQL as `config` wants it. */
export function postgresServer(config: Config): LocalServer {
  const endpoint = endpointOf(config.postgresUrl, 'TICKLOOM_POSTGRES_URL', 5432);
  const home = homeOf(config);
  const data = join(home.dir, 'data');
  const user = decodeURIComponent(new URL(config.postgresUrl).username) || 'tickloom';
  const settings = settingsOf(endpoint);
  const bin = (programs: Programs): string => join(home.programs ?? programs.postgresDir, 'bin');
  return {
    name: 'postgres',
    endpoints: [endpoint],
    settings: JSON.stringify(settings),
    // "Fast": clients are cut off, everything committed is kept. SIGTERM would wait for clients.
    stopSignal: 'SIGINT',
    prepare: async (programs) => {
      ownDir(home.dir, home.identity);
      if (home.programs !== null && !existsSync(join(home.programs, 'bin', 'postgres'))) {
        cpSync(programs.postgresDir, home.programs, { recursive: true, verbatimSymlinks: true });
      }
      await initialise(home, bin(programs), user);
      dropStaleLock(data);
    },
    command: (programs) => ({
      file: join(bin(programs), 'postgres'),
      args: ['-D', data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      cwd: home.dir,
      env: { LC_ALL: 'C', TZ: 'UTC' },
      ...home.identity,
    }),
    ready: () => answers(config.postgresUrl),
    reset: () => {
      if (home.programs !== null) rmSync(home.dir, { recursive: true, force: true });
    },
  };
}
