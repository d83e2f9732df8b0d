/**
 * PostgreSQL for one machine, loopback only, by password only. Promise: user and database of the
 * configured URL exist when it is ready, that user is no superuser, and the server never runs as
 * root, which it refuses.
 */
import { cpSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Config } from '../../src/config/config.ts';
import { readCredentials } from '../../src/config/credentials.ts';
import { isLoopback, parseEndpoint, type Endpoint } from './ports.ts';
import {
  areClosed,
  asAdmin,
  closeDoors,
  makeAdmin,
  makeRoles,
  setupArgs,
  type Doors,
} from './postgres-doors.ts';
import { findHome, openHome, outsideDir, type Home } from './postgres-home.ts';
import { lastLines, runProgram } from './run-program.ts';
import type { Command, LocalServer, Programs } from './server.ts';
import { startProcess, stopProcess } from './server-process.ts';
import { StackError } from './stack-error.ts';

const serverSettings = ({ host, port }: Endpoint): [string, string][] => [
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

async function initialise(home: Home, bin: string, user: string): Promise<void> {
  const data = join(home.dir, 'data');
  if (existsSync(data)) return;
  // Sorted by code point, so that an order does not depend on the machine.
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  // A start that is interrupted here leaves no half a cluster under the name.
  const making = `${data}.making`;
  rmSync(making, { recursive: true, force: true });
  // Nobody gets in before there are passwords.
  const args = ['-D', making, '-U', user, '--auth=reject', '--encoding=UTF8', ...locale];
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
 * anybody by now. The records have shown that none of ours runs: a lock of no PostgreSQL goes.
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

async function answers(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end();
  }
}

/** What the credentials come to; null for a server that is not ours, or before the first start. */
function readDoors(config: Config, endpoint: Endpoint): Doors | null {
  const { username, password, pathname } = new URL(config.postgresUrl);
  const { postgres_admin: admin, postgres_readonly: readonly } = readCredentials(config.dataDir);
  if (!isLoopback(endpoint.host) || admin === undefined || readonly === undefined) return null;
  const user = decodeURIComponent(username) || 'tickloom';
  const application = { user, password: decodeURIComponent(password) };
  const database = decodeURIComponent(pathname.slice(1)) || user;
  return { endpoint, database, application, readonly, admin };
}

/**
 * Gives a cluster its roles and closes it, unless that is done. Meanwhile the server runs as the
 * recorded one, so that a start which ends here by force leaves nothing that the next cannot end.
 */
async function settleDoors(
  { dataDir }: Config,
  server: Omit<LocalServer, 'prepare'>,
  { home, doors, command }: { home: Home; doors: Doors; command: Command },
): Promise<void> {
  if (areClosed(home, doors)) return;
  await makeAdmin(home, command.file, doors);
  const ready = (): Promise<void> => asAdmin(doors, 'postgres', async () => {});
  const setup = { ...server, prepare: async () => {}, ready };
  const args = [...command.args, ...setupArgs(home, doors)];
  await startProcess(dataDir, setup, { ...command, args });
  try {
    await makeRoles(doors);
  } finally {
    await stopProcess(dataDir, setup);
  }
  closeDoors(home, doors);
}

/** The directory of the cluster, wherever it is for this configuration. */
export const postgresData = (config: Config): string => join(findHome(config).dir, 'data');

/** PostgreSQL as `config` wants it. */
export function postgresServer(config: Config): LocalServer {
  const endpoint = parseEndpoint(config.postgresUrl, 'TICKLOOM_POSTGRES_URL', 5432);
  const home = findHome(config);
  const data = join(home.dir, 'data');
  const doors = readDoors(config, endpoint);
  const settings = serverSettings(endpoint);
  const bin = (programs: Programs): string => join(home.programs ?? programs.postgresDir, 'bin');
  const command = (programs: Programs): Command => ({
    file: join(bin(programs), 'postgres'),
    args: ['-D', data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    cwd: home.dir,
    env: { LC_ALL: 'C', TZ: 'UTC' },
    ...home.identity,
  });
  const server: Omit<LocalServer, 'prepare'> = {
    name: 'postgres',
    endpoints: [endpoint],
    // One that runs with the doors of before is stopped and started again, behind new ones.
    settings: JSON.stringify([settings, doors]),
    // "Fast": clients are cut off, everything committed is kept. SIGTERM would wait for clients.
    stopSignal: 'SIGINT',
    command,
    ready: () => answers(config.postgresUrl),
    reset: () => {
      if (home.identity !== null) {
        rmSync(outsideDir(config.dataDir), { recursive: true, force: true });
      }
    },
  };
  const prepare = async (programs: Programs): Promise<void> => {
    openHome(home);
    if (home.programs !== null && !existsSync(join(home.programs, 'bin', 'postgres'))) {
      cpSync(programs.postgresDir, home.programs, { recursive: true, verbatimSymlinks: true });
    }
    if (doors === null) throw new StackError('PostgreSQL has no credentials: start it once more');
    await initialise(home, bin(programs), doors.admin.user);
    dropStaleLock(data);
    await settleDoors(config, server, { home, doors, command: command(programs) });
  };
  return { ...server, prepare };
}
