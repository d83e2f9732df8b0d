/**
 * A PostgreSQL of the version before passwords: closed at the start with all that it holds, also
 * when that start is killed in the middle.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCredentials } from '../../infra/local/credentials.ts';
import { recordFile } from '../../infra/local/data-dir.ts';
import { isRunning, readRecord } from '../../infra/local/process-record.ts';
import { resetStack, startServer, stopServer } from '../../infra/local/stack.ts';
import { openPostgres } from '../../src/postgres/postgres.ts';
import { must } from '../../src/assert.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig, type Config } from '../../src/config/config.ts';
import {
  readCredentials,
  withLogin,
  withoutLogin,
  type Login,
} from '../../src/config/credentials.ts';
import { migrateUp } from '../../src/postgres/tables/migrate.ts';
import { makeOldPostgres } from '../support/old-postgres.ts';
import { stackEnv } from '../support/stack.ts';

let env: Record<string, string>;
let config: Config;

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const inDatabase = (name: string): string => {
  const url = new URL(config.postgresUrl);
  url.pathname = `/${name}`;
  return url.href;
};

/** What an analyst may have made beside the project's tables, and a slow way to hand it over. */
async function fill(client: Client): Promise<void> {
  const pool = openPostgres(withoutLogin(config.postgresUrl).replace('//', '//tickloom@'));
  try {
    await migrateUp(pool);
  } finally {
    await pool.end();
  }
  await client.query(`
    INSERT INTO settings (name, value) VALUES ('kept', '7');
    CREATE SCHEMA notes;
    CREATE TYPE notes.mood AS ENUM ('up', 'down');
    CREATE DOMAIN notes.price AS numeric CHECK (value > 0);
    CREATE TABLE notes."A Day" (id serial PRIMARY KEY, mood notes.mood, price notes.price);
    INSERT INTO notes."A Day" (mood, price) VALUES ('up', 1.5);
    CREATE MATERIALIZED VIEW notes.days AS SELECT * FROM notes."A Day";
    CREATE SEQUENCE notes.alone;
    CREATE FUNCTION notes.twice(x int) RETURNS int LANGUAGE sql AS 'SELECT 2 * x';
    CREATE PROCEDURE notes.nothing() LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE notes.total (int) (sfunc = int4pl, stype = int);
    CREATE STATISTICS notes.both ON mood, price FROM notes."A Day";
    SELECT lo_create(4711);
    CREATE ROLE grafana LOGIN;
    CREATE FUNCTION slowly() RETURNS event_trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_sleep(0.03); END';
    CREATE EVENT TRIGGER slowly ON ddl_command_start EXECUTE FUNCTION slowly();
  `);
  await client.query('CREATE DATABASE other');
  const other = new Client({ ...at(), database: 'other' });
  await other.connect();
  await other.query('CREATE TABLE mine AS SELECT 1 AS x');
  await other.end();
}

const at = (): { host: string; port: number; user: string } => ({
  host: '127.0.0.1',
  port: Number(new URL(config.postgresUrl).port),
  user: 'tickloom',
});

const startPostgres = (): Promise<void> => startServer(config, 'postgres');

/** A start as another process makes it, which can be killed. */
function otherStart(): ReturnType<typeof spawn> {
  const script = `
    import { startServer } from './infra/local/stack.ts';
    import { loadConfig } from './src/config/config.ts';
    await startServer(loadConfig(), 'postgres');`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  return spawn(process.execPath, args, {
    cwd: PROJECT_DIR,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
}

beforeAll(async () => {
  env = await stackEnv();
  config = loadConfig(env);
  await makeOldPostgres(config, fill);
  makeCredentials(config);
}, 120_000);

afterAll(async () => {
  await stopServer(config, 'postgres');
  await resetStack(config);
  rmSync(config.dataDir, { recursive: true });
});

describe('a cluster from before', () => {
  test('that was killed while it was converted lets nobody in by then', async () => {
    const child = otherStart();
    const admin = must(readCredentials(config.dataDir).postgres_admin) as Login;
    const house = withLogin(withoutLogin(inDatabase('postgres')), admin);
    const bootstrap = (): Promise<unknown> =>
      ask(house, 'SELECT rolname FROM pg_roles WHERE oid = 10').then(
        ([row]) => row?.['rolname'],
        () => null,
      );
    await expect.poll(bootstrap, { timeout: 60_000, interval: 20 }).toBe('tickloom_bootstrap');
    child.kill('SIGKILL');
    const record = must(readRecord(recordFile(config.dataDir, 'postgres')));
    expect(isRunning(record)).toBe(true);
    const open = ask(inDatabase('tickloom').replace(/\/\/[^@]*@/, '//tickloom@'), 'SELECT 1');
    await expect(open).rejects.toThrow(/no pg_hba.conf entry/);
    expect(existsSync(join(config.dataDir, 'postgres', 'data', 'tickloom-doors'))).toBe(false);
  });

  test('goes on at the next start, and keeps everything', async () => {
    await startPostgres();
    expect(await ask(config.postgresUrl, "SELECT value FROM settings WHERE name = 'kept'")).toEqual(
      [{ value: 7 }],
    );
    expect(await ask(config.postgresUrl, 'SELECT mood, price FROM notes.days')).toEqual([
      { mood: 'up', price: '1.5' },
    ]);
    expect(await ask(inDatabase('other'), 'SELECT x FROM mine')).toEqual([{ x: 1 }]);
  });

  test('is entered by password alone, by a role that is no superuser', async () => {
    const open = withoutLogin(config.postgresUrl);
    for (const user of ['tickloom', 'tickloom_bootstrap', 'tickloom_admin', 'grafana']) {
      await expect(ask(open.replace('//', `//${user}:x@`), 'SELECT 1')).rejects.toThrow(
        /password authentication failed/,
      );
    }
    const roles = await ask(
      config.postgresUrl,
      `SELECT rolname AS name, rolcanlogin AS enters FROM pg_roles WHERE rolsuper ORDER BY 1`,
    );
    expect(roles).toEqual([
      { name: 'tickloom_admin', enters: true },
      { name: 'tickloom_bootstrap', enters: false },
    ]);
  });

  test('belongs to that role, whole: it goes on changing its tables', async () => {
    const owned = `SELECT count(*)::int AS n FROM pg_class WHERE relowner = 10 AND oid >= 16384
      UNION ALL SELECT count(*)::int FROM pg_proc
        WHERE proowner = 10 AND oid >= 16384 AND proname <> 'slowly'
      UNION ALL SELECT count(*)::int FROM pg_type WHERE typowner = 10 AND oid >= 16384
      UNION ALL SELECT count(*)::int FROM pg_namespace WHERE nspowner = 10 AND oid >= 16384
      UNION ALL SELECT count(*)::int FROM pg_statistic_ext WHERE stxowner = 10
      UNION ALL SELECT count(*)::int FROM pg_largeobject_metadata WHERE lomowner = 10
      UNION ALL SELECT count(*)::int FROM pg_database WHERE datname IN ('tickloom', 'other')
        AND datdba = 10`;
    for (const database of ['tickloom', 'other']) {
      const left = await ask(inDatabase(database), owned);
      expect(left).toEqual(Array.from({ length: 7 }, () => ({ n: 0 })));
    }
    const changes = `ALTER TABLE trades ADD COLUMN x int; ALTER TABLE trades DROP COLUMN x;
      DROP SCHEMA notes CASCADE; CREATE TABLE y (z int); DROP TABLE y`;
    await ask(config.postgresUrl, changes);
    const pool = openPostgres(config.postgresUrl);
    expect(await migrateUp(pool)).toEqual([]);
    await pool.end();
  });

  test('is not gone through again, unless somebody has opened it since', async () => {
    const data = join(config.dataDir, 'postgres', 'data');
    const marked = statSync(join(data, 'tickloom-doors')).mtimeMs;
    await stopServer(config, 'postgres');
    await startPostgres();
    expect(statSync(join(data, 'tickloom-doors')).mtimeMs).toBe(marked);
    await stopServer(config, 'postgres');
    writeFileSync(join(data, 'pg_hba.conf'), 'host all all 127.0.0.1/32 trust\n');
    await startPostgres();
    expect(readFileSync(join(data, 'pg_hba.conf'), 'utf8')).not.toMatch(/trust/);
    const wrong = withoutLogin(config.postgresUrl).replace('//', '//tickloom:x@');
    await expect(ask(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  });

  test('takes new passwords when the old ones are lost', async () => {
    await stopServer(config, 'postgres');
    rmSync(join(config.dataDir, 'credentials.json'));
    makeCredentials(config);
    await startPostgres();
    expect(await ask(config.postgresUrl, 'SELECT current_user AS who')).toEqual([
      { who: 'tickloom' },
    ]);
  });
});
