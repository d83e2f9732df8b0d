/**
 * A PostgreSQL cluster as the version of 2026-11-27 made it: the user of the URL is the first role
 * and superuser, whoever reaches the port is let in, and tables are its.
 */
import { mkdirSync, chmodSync, chownSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { artefactsPath } from '../../infra/local/artefacts.ts';
import { openDataDir, serverDir } from '../../infra/local/data-dir.ts';
import { unprivileged } from '../../infra/local/postgres-home.ts';
import { runProgram } from '../../infra/local/run-program.ts';
import { sleep } from '../../src/clock.ts';
import type { Config } from '../../src/config/config.ts';

/** Makes it in the data directory of `config`, filled by `fill` and stopped in order. */
export async function makeOldPostgres(
  config: Config,
  fill: (client: Client) => Promise<void>,
): Promise<void> {
  openDataDir(config.dataDir);
  const dir = serverDir(config.dataDir, 'postgres');
  const identity =
    process.getuid?.() === 0 ? unprivileged(readFileSync('/etc/passwd', 'utf8')) : null;
  mkdirSync(dir);
  chmodSync(dir, 0o700);
  if (identity !== null) chownSync(dir, identity.uid, identity.gid);
  const bin = join(artefactsPath(config), 'postgres', 'bin');
  const data = join(dir, 'data');
  const surroundings = { cwd: dir, env: { LC_ALL: 'C', TZ: 'UTC' }, ...identity };
  const run = async (program: string, args: string[]): Promise<void> => {
    const { code, output } = await runProgram(join(bin, program), args, surroundings);
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${output}`);
  };
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  await run('initdb', [
    ...['-D', data, '-U', 'tickloom', '--auth=trust', '--encoding=UTF8', '--no-sync'],
    ...locale,
  ]);
  const { port } = new URL(config.postgresUrl);
  const options = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories=`;
  await run('pg_ctl', ['-D', data, '-l', join(dir, 'log'), '-o', options, '-w', 'start']);
  try {
    const at = { host: '127.0.0.1', port: Number(port), user: 'tickloom' };
    await use({ ...at, database: 'postgres' }, (client) =>
      client.query('CREATE DATABASE tickloom').then(() => undefined),
    );
    await use({ ...at, database: 'tickloom' }, fill);
  } finally {
    await run('pg_ctl', ['-D', data, '-m', 'fast', '-w', 'stop']);
    await sleep(100);
  }
}

async function use(
  at: { host: string; port: number; user: string; database: string },
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client(at);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
