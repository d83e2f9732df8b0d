/**
 * Who gets in: a user without rights and a foreign page nowhere; whoever has the credentials
 * everywhere, and no further than their role; and a cluster from before is closed at the start.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type Pool } from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { openPostgres } from '../../src/postgres/postgres.ts';
import { openRedis } from '../../src/queue/redis.ts';
import { QuestDbWriter } from '../../src/questdb/writer.ts';
import { queryQuestDb } from '../../src/questdb/http.ts';
import { must } from '../../src/assert.ts';
import type { Connections } from '../../src/cli/commands/connect.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig } from '../../src/config/config.ts';
import { readCredentials, withoutLogin } from '../../src/config/credentials.ts';
import { openContext } from '../../src/runtime/context.ts';
import { ticks } from '../../src/questdb/tables/ticks.ts';
import { readAlerts } from '../../src/postgres/tables/alerts.ts';
import { appendControl, dueControls } from '../../src/postgres/tables/outbox.ts';
import { tickloom } from '../support/command.ts';
import { startupProxy } from '../support/startup-proxy.ts';

const config = loadConfig();
const credentials = readCredentials(config.dataDir);
const urlPort = (url: string): number => Number(new URL(url).port);
const isRoot = process.getuid?.() === 0;

async function pg<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}

/** The message of the refusal; a statement that passes fails the test. */
const refused = (url: string, sql: string): Promise<string> =>
  pg(url, async (client) => {
    try {
      await client.query(sql);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error(`passed: ${sql}`);
  });

describe('from the user nobody', () => {
  interface Seen {
    readonly uid: number;
    readonly answers: [string, unknown][];
    readonly open: string[];
  }
  const made = '/exec?query=create+table+doors+(x+int)';
  const exec = { method: 'GET', path: made };
  const requests = [
    { ...exec, name: 'exec' },
    { ...exec, name: 'exec, foreign Host', headers: { host: 'evil.example' } },
    { ...exec, name: 'exec, foreign Origin', headers: { origin: 'http://evil.example' } },
    { ...exec, name: 'exec, a session asked for', path: `${made}&session=true` },
    { ...exec, name: 'exec, the old password', headers: basic('admin', 'quest') },
    { ...exec, name: 'exec, no password', headers: basic('admin', '') },
    { name: 'exp', method: 'GET', path: '/exp?query=select+1' },
    { name: 'chk', method: 'GET', path: '/chk?j=ticks&f=json' },
    { name: 'imp', method: 'POST', path: '/imp?name=doors', body: 'x\n1\n' },
    { name: 'write', method: 'POST', path: '/write', body: 'ticks price=1 1\n' },
    { name: 'settings', method: 'PUT', path: '/settings?version=0', body: '{}' },
  ];
  const roles = ['tickloom', 'tickloom_readonly', 'tickloom_admin', 'postgres', 'nobody'];
  const logins = [
    ['admin', 'quest'],
    ['user', 'quest'],
    ['admin', ''],
    ['tickloom_readonly', ''],
  ];
  const commands = ['INFO', 'CONFIG GET dir', 'FLUSHALL', 'AUTH default', 'EVAL "return 1" 0'];

  /** In a directory of everybody's, as Node may not read the project's as that user. */
  function asNobody(): Seen {
    const dir = mkdtempSync(join(tmpdir(), 'tickloom-nobody-'));
    execFileSync('chmod', ['755', dir]);
    const script = join(dir, 'nobody.mjs');
    copyFileSync(join(PROJECT_DIR, 'test', 'support', 'nobody.mjs'), script);
    const inside = readdirSync(config.dataDir, { recursive: true, encoding: 'utf8' });
    const doors = {
      http: { port: urlPort(config.questdbUrl), requests },
      postgres: { port: urlPort(config.postgresUrl), roles },
      questdbPg: { port: urlPort(config.questdbPgUrl), logins },
      redis: { port: urlPort(config.redisUrl), commands },
      paths: ['', ...inside].map((path) => join(config.dataDir, path)),
    };
    const identity = isRoot ? { uid: 65_534, gid: 65_534 } : {};
    try {
      const out = execFileSync(process.execPath, [script], {
        input: JSON.stringify(doors),
        encoding: 'utf8',
        cwd: '/',
        maxBuffer: 64 * 1024 * 1024,
        ...identity,
      });
      return JSON.parse(out) as Seen;
    } finally {
      rmSync(dir, { recursive: true });
    }
  }

  test('nothing is read or written, in no server and in no file of the data directory', () => {
    const { uid, answers, open } = asNobody();
    expect(Object.fromEntries(answers)).toEqual({
      ...Object.fromEntries(requests.map(({ name }) => [name, 401])),
      ...Object.fromEntries(roles.map((role) => [`postgres ${role}`, 'wants SCRAM'])),
      ...Object.fromEntries(
        logins.map((login) => [`questdb ${login.join(':')}`, expect.stringMatching(/invalid/)]),
      ),
      ...Object.fromEntries(
        commands.map((command) => [
          `redis ${command}`,
          expect.stringMatching(/^-(NOAUTH|WRONGPASS)/),
        ]),
      ),
    });
    if (!isRoot) return;
    expect(uid).toBe(65_534);
    expect(open).toEqual([]);
  });

  test('no password stands in the command line of a process', () => {
    const lines = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        } catch {
          return '';
        }
      });
    const passwords = Object.values(credentials).map(({ password }) => password);
    expect(passwords.length).toBeGreaterThan(6);
    expect(lines.filter((line) => line.includes(config.dataDir)).length).toBeGreaterThan(2);
    expect(lines.filter((line) => passwords.some((each) => line.includes(each)))).toEqual([]);
  });
});

test('a writer with a wrong password says so at once, and does not wait for better days', async () => {
  const url = config.questdbUrl.replace(/:[^:@]*@/, ':wrong@');
  const writer = new QuestDbWriter({ url, patienceMs: 60_000 });
  const row = { venue: 'doors', symbol: 'X', id: '1', price: 1, size: 1, side: null };
  try {
    await expect(writer.write(ticks, [{ ...row, ts: 1, known_at: 1 }])).rejects.toThrow(
      /refuses user and password.*TICKLOOM_QUESTDB_URL/,
    );
  } finally {
    writer.close();
  }
}, 10_000);

describe('whoever has the credentials', () => {
  let connections: Connections;

  test('gets ready strings from `tickloom connect`, and every one of them opens', async () => {
    const { code, out } = await tickloom('connect', '--json');
    expect(code).toBe(0);
    connections = JSON.parse(out) as Connections;
    expect(Object.keys(connections).toSorted()).toEqual(
      [
        ...['http', 'http_token', 'kafka', 'postgres', 'postgres_readonly', 'questdb_http'],
        ...['questdb_pg', 'questdb_pg_readonly', 'redis'],
      ].toSorted(),
    );
    const { postgres, postgres_readonly, questdb_pg, questdb_pg_readonly } = connections;
    for (const url of [postgres, postgres_readonly, questdb_pg, questdb_pg_readonly]) {
      const one = await pg(must(url), (client) => client.query<{ n: number }>('SELECT 1 AS n'));
      expect(one.rows).toEqual([{ n: 1 }]);
    }
    const answer = await queryQuestDb(connections.questdb_http, '/exec?query=select+1');
    expect(answer.status).toBe(200);
    const redis = openRedis({ redisUrl: connections.redis, tlsCa: null });
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
    expect(connections.http).toBe(`http://127.0.0.1:${config.httpPort}`);
    expect(connections.http_token).toMatch(/^[\w-]{32,}$/);
    expect(connections.kafka).toEqual({ brokers: config.kafkaBrokers, sasl: null, tls: false });
  });

  test('is as the application no superuser, and owns its database', async () => {
    const { rows } = await pg(config.postgresUrl, (client) =>
      client.query<Record<string, unknown>>(
        `SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
           (SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database())
             AS owner
         FROM pg_roles WHERE rolname = current_user`,
      ),
    );
    const none = { rolsuper: false, rolcreaterole: false, rolcreatedb: false };
    expect(rows).toEqual([
      {
        rolname: 'tickloom',
        owner: 'tickloom',
        rolreplication: false,
        rolbypassrls: false,
        ...none,
      },
    ]);
    const program = await refused(config.postgresUrl, "COPY (SELECT 1) TO PROGRAM 'cat'");
    expect(program).toMatch(/permission denied/);
    expect(await refused(config.postgresUrl, "COPY settings FROM '/etc/passwd'")).toMatch(
      /permission denied/,
    );
  });

  test('reads as the reader, and writes nothing', async () => {
    const url = must(connections.postgres_readonly);
    const read = await pg(url, (client) => client.query('SELECT * FROM models, accounts LIMIT 1'));
    expect(read.fields.length).toBeGreaterThan(5);
    const control = `INSERT INTO control_outbox (control_id, type, subject, version, body, cause)
      VALUES ('x', 'cut', 'cut', 1, '{}', 'x')`;
    const statements = [
      control,
      'CREATE TABLE x (y int)',
      'DELETE FROM trades',
      'DROP TABLE fills',
    ];
    for (const sql of statements) {
      expect(await refused(url, sql)).toMatch(/read-only|must be owner/);
      expect(await refused(url, `BEGIN READ WRITE; ${sql}`)).toMatch(
        /permission denied|must be owner/,
      );
    }
    const questdb = must(connections.questdb_pg_readonly);
    const seen = await pg(questdb, (client) => client.query('SELECT count() FROM ticks'));
    expect(seen.rows).toHaveLength(1);
    expect(await refused(questdb, 'CREATE TABLE x (y int)')).toMatch(/permission denied/i);
    expect(await refused(questdb, 'DROP TABLE ticks')).toMatch(/permission denied/i);
  });

  test('gets no cookie, which would go along with what a foreign page asks', async () => {
    const { username, password } = new URL(config.questdbUrl);
    const headers = await new Promise((resolve, reject) => {
      const path = '/exec?query=select+1&session=true';
      const options = {
        port: urlPort(config.questdbUrl),
        path,
        headers: basic(username, password),
      };
      request({ host: '127.0.0.1', ...options }, (response) => {
        response.resume();
        resolve([response.statusCode, response.headers['set-cookie']]);
      })
        .on('error', reject)
        .end();
    });
    expect(headers).toEqual([200, undefined]);
    const bare = await queryQuestDb(withoutLogin(config.questdbUrl), '/exec?query=select+1');
    expect(bare.status).toBe(401);
  });
});

describe('PostgreSQL behind a pooler', () => {
  const through = async <T>(
    use: (pool: Pool, seen: string[][]) => Promise<T>,
    change?: (bytes: Buffer) => Buffer,
  ): Promise<T> => {
    const proxy = await startupProxy(urlPort(config.postgresUrl), change);
    const url = config.postgresUrl.replace(/:\d+\/(?=\w+$)/, `:${proxy.port}/`);
    const pool = openPostgres(url, { max: 1 });
    try {
      return await use(pool, proxy.seen);
    } finally {
      await pool.end();
      proxy.close();
    }
  };

  test('is asked for nothing at the start that PgBouncer refuses, and the session is ours', async () => {
    await through(async (pool, seen) => {
      const { rows } = await pool.query<{ zone: string; at: number }>(
        `SELECT current_setting('timezone') AS zone, timestamptz '2026-01-01 00:00:00+00' AS at`,
      );
      expect(rows).toEqual([{ zone: 'UTC', at: Date.UTC(2026, 0, 1) * 1000 }]);
      expect(seen).toHaveLength(1);
      expect(seen[0]).toEqual(expect.arrayContaining(['user', 'database']));
      const { connectionString } = pool.options;
      const asBefore = `${connectionString}?options=-c%20timezone%3DUTC`;
      await expect(pg(asBefore, (client) => client.query('SELECT 1'))).rejects.toThrow(
        'unsupported startup parameter: options',
      );
    });
  });

  test('that does not keep the datestyle is refused with what to do', async () => {
    const otherwise = (bytes: Buffer): Buffer =>
      Buffer.from(
        bytes.toString('latin1').replace("datestyle = 'ISO'", "datestyle = 'SQL'"),
        'latin1',
      );
    await through(
      (pool) => expect(pool.query('SELECT 1')).rejects.toThrow(/datestyle is "SQL.*PgBouncer/),
      otherwise,
    );
    await through(async (pool) => {
      await pool.query(`SET datestyle = 'German'`);
      await expect(pool.query(`SELECT timestamptz '2026-03-01' AS at`)).rejects.toThrow(
        /time "01\.03\.2026 00:00:00 UTC".*ALTER ROLE/,
      );
    });
  });
});

test('a control record that was inserted by hand is not signed, and an alert tells of it', async () => {
  const context = openContext(config, 'test');
  const ids = ['doors:ours', 'doors:by-hand', 'doors:copied'];
  const cut = { type: 'cut', subject: 'doors', body: { value: 1 }, cause: 'a test' } as const;
  try {
    await appendControl(context.postgres, { controlId: 'doors:ours', ...cut });
    // Also with the seal of another record, and with a seal whose body is another by then.
    await context.postgres.query(
      `INSERT INTO control_outbox (control_id, type, subject, version, body, cause, seal)
       SELECT 'doors:by-hand', 'halt', 'doors', 1, '{"scope": "all"}', 'mine', NULL
       UNION ALL SELECT 'doors:copied', 'cut', 'doors', 2, body, cause, seal
         FROM control_outbox WHERE control_id = 'doors:ours'`,
    );
    const due = async (): Promise<string[]> =>
      (await dueControls(context.postgres)).map(({ controlId }) => controlId);
    const sent = await due();
    expect(ids.filter((id) => sent.includes(id))).toEqual(['doors:ours']);
    await context.postgres.query(
      `UPDATE control_outbox SET body = '{"value": 2}' WHERE control_id = 'doors:ours'`,
    );
    expect(await due()).not.toContain('doors:ours');
    const alerts = (await readAlerts(context.postgres)).filter(
      ({ subject }) => subject === 'outbox',
    );
    const named = alerts.map(({ message }) => message.split(' ')[2]);
    expect(new Set(named)).toEqual(new Set(ids));
  } finally {
    await context.postgres.query('DELETE FROM control_outbox WHERE control_id = ANY($1)', [ids]);
    await context.postgres.query(`DELETE FROM alerts WHERE subject = 'outbox'`);
    await context.close();
  }
});

afterAll(async () => {
  const { text } = await queryQuestDb(config.questdbUrl, '/exec?query=show+tables');
  expect(text).not.toContain('doors');
});

function basic(user: string, password: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
