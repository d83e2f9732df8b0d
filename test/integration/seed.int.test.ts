/** Who trades in a new installation, and what becomes of the one bot of an older version. */
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPostgres } from '../../src/postgres/postgres.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { BotControl } from '../../src/domain/control.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import { controlBot, paperBot, seedInstallation } from '../../src/app/seed.ts';
import { appendControl } from '../../src/postgres/tables/outbox.ts';
import { tickloom } from '../support/command.ts';

const SCHEMA = `seeded_${process.pid}`;
const TABLES = [
  ...['feature_sets', 'bots', 'accounts', 'ledger_entries'],
  ...['control_outbox', 'control_versions'],
];
const ACCOUNTS = ['control-group', 'control-group-replay', 'paper', 'replay'];

describe('the first bots', () => {
  const config = loadConfig();
  const { acts_on: _, replay_account: __, replay_behind_s: ___, ...oldBot } = paperBot(config);
  let context: Context;
  /** The project's own statements, on tables of this test's. */
  let pool: Pool;

  beforeAll(async () => {
    context = openContext(config, 'test');
    await context.postgres.query(`CREATE SCHEMA ${SCHEMA}`);
    for (const table of TABLES) {
      await context.postgres.query(
        `CREATE TABLE ${SCHEMA}.${table} (LIKE public.${table} INCLUDING ALL)`,
      );
    }
    const { href } = new URL(config.postgresUrl);
    pool = openPostgres(href, { max: 1, sealKeys: () => [context.controlKey()] });
    await pool.query(`SET search_path TO ${SCHEMA}`);
  });
  afterAll(async () => {
    await pool.end();
    await context.postgres.query(`DROP SCHEMA ${SCHEMA} CASCADE`);
    await context.close();
  });
  beforeEach(() => pool.query(`TRUNCATE ${TABLES.join(', ')}`));

  const rows = async <R extends object>(sql: string): Promise<R[]> =>
    (await pool.query<R>(sql)).rows;
  const bots = (): Promise<{ bot: string; config: BotControl }[]> =>
    rows('SELECT bot, config FROM bots ORDER BY bot');
  const sent = async (): Promise<[string, number, BotControl][]> =>
    (
      await rows<{ id: string; version: string; body: BotControl }>(
        'SELECT control_id AS id, version, body FROM control_outbox ORDER BY seq',
      )
    ).map(({ id, version, body }) => [id, Number(version), body]);
  const accounts = async (): Promise<string[]> =>
    (await rows<{ account: string }>('SELECT account FROM accounts ORDER BY 1')).map(
      ({ account }) => account,
    );

  /** As a version with one bot and one account left it, with something booked. */
  async function old(bot: BotControl = oldBot): Promise<void> {
    await pool.query(
      `INSERT INTO accounts (account, currency, mode, opening_balance, balance)
       VALUES ('paper', 'USD', 'paper', 10000, 9000)`,
    );
    await pool.query(
      `INSERT INTO ledger_entries (transaction_id, line, account, ledger_account, currency, amount,
         ts, description) VALUES ('old', 0, 'paper', 'cash', 'USD', 9000, 'epoch', 'booked')`,
    );
    await pool.query(`INSERT INTO bots VALUES ('paper', 'paper', 'on', 'direction', $1)`, [bot]);
    const record = { controlId: 'bot:paper:seed', type: 'bot', subject: 'paper' } as const;
    await appendControl(pool, { ...record, body: oldBot, cause: 'an older version' });
  }

  test('are one for champions and a control group, each with two accounts; once', async () => {
    const [paper, control] = [paperBot(config), controlBot(config)];
    for (let start = 0; start < 2; start++) {
      expect(await seedInstallation(pool, config)).toEqual([]);
      expect(await bots()).toEqual([
        { bot: 'control', config: control },
        { bot: 'paper', config: paper },
      ]);
      expect(await sent()).toEqual([
        ['bot:paper:seed', 1, paper],
        ['bot:control:seed', 1, control],
      ]);
      expect(await accounts()).toEqual(ACCOUNTS);
    }
    const named = await rows(`SELECT account FROM accounts WHERE description ~ '^control group: '`);
    expect(named).toHaveLength(2);
    const breaks = await rows(
      `SELECT 1 FROM accounts a WHERE balance <> (SELECT sum(amount) FROM ledger_entries e
         WHERE e.account = a.account AND ledger_account = 'cash')`,
    );
    expect(breaks).toEqual([]);
  });

  test('and their accounts are listed, a control group as one', async () => {
    const [listed, accountsListed] = await Promise.all([
      tickloom('bots', 'list'),
      tickloom('accounts', 'list'),
    ]);
    expect(listed.out).toMatch(
      /control +on +the baseline: a control group +control-group +control-group-replay\n/,
    );
    expect(listed.out).toMatch(/paper +on +champions that passed the gate +paper +replay/);
    expect(accountsListed.out).toMatch(
      /control-group +paper +[\d.]+ USD +control group: trades the baseline, on live markets\n/,
    );
  });

  test('of an older version are divided where nobody has touched the one, nothing booked moves', async () => {
    await old();
    const booked = `SELECT * FROM ledger_entries WHERE account = 'paper'`;
    const before = await rows(booked);
    expect(await seedInstallation(pool, config)).toEqual([expect.stringContaining('"control"')]);
    expect(await seedInstallation(pool, config)).toEqual([]);
    expect(await sent()).toEqual([
      ['bot:paper:seed', 1, oldBot],
      ['bot:paper:champions', 2, paperBot(config)],
      ['bot:control:seed', 1, controlBot(config)],
    ]);
    expect(await accounts()).toEqual(ACCOUNTS);
    expect(await rows(booked)).toEqual(before);
    expect(await rows(`SELECT balance FROM accounts WHERE account = 'paper'`)).toEqual([
      { balance: '9000' },
    ]);
  });

  test('of an older version keep the horizon and latency that they were made with', async () => {
    const made = { labelSpec: 'direction_4h@1', horizonUs: 14_400e6, orderLatencyUs: 7 };
    await old();
    const { acts_on: _a, replay_account: _r, replay_behind_s: _b, ...bot } = paperBot(made);
    await pool.query('UPDATE bots SET config = $1', [bot]);
    await pool.query('UPDATE control_outbox SET body = $1', [bot]);
    await seedInstallation(pool, config);
    expect((await bots()).map((row) => row.config)).toEqual([controlBot(made), paperBot(made)]);
  });

  const touched: readonly [string, () => Promise<unknown>][] = [
    ['in its row', () => pool.query(`UPDATE bots SET config = config || '{"fee_bps": 2}'`)],
    [
      'by a newer record',
      () =>
        appendControl(pool, {
          ...{ controlId: 'mine', type: 'bot', subject: 'paper', cause: 'I know better' },
          body: { ...oldBot, status: 'off' },
        }),
    ],
    [
      'by a record that only the log has',
      () =>
        pool.query(
          `INSERT INTO control_versions (type, subject, version, control_id, body)
           VALUES ('bot', 'paper', 9, 'mine', $1)`,
          [oldBot],
        ),
    ],
  ];
  test.each(touched)('of an older version stay as they are, changed %s', async (_how, touch) => {
    await old();
    await touch();
    const [was, records] = [await bots(), await sent()];
    expect(await seedInstallation(pool, config)).toEqual([expect.stringContaining('keeps them')]);
    expect([await bots(), await sent(), await accounts()]).toEqual([was, records, ['paper']]);
  });
});
