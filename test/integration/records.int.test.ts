/**
 * Hostile records on `signals` and `fills` between good ones: what is good is booked, what is bad
 * is dead once, nothing stops; and what is dead can be looked at and sent again.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sleep } from '../../src/clock.ts';
import { must } from '../../src/assert.ts';
import { loadConfig } from '../../src/config/config.ts';
import { parseUs } from '../../src/domain/time.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import { bookAlerts } from '../../src/app/watch-records.ts';
import { LOOKS } from '../../src/app/watch.ts';
import { acknowledgeAlert, readAlerts } from '../../src/postgres/tables/alerts.ts';
import { deadCounts } from '../../src/postgres/tables/dead-letters.ts';
import { appendControl } from '../../src/postgres/tables/outbox.ts';
import { unknownKinds } from '../../src/postgres/tables/unknown-kinds.ts';
import { tickloom, type Ran } from '../support/command.ts';
import { Installation } from '../support/installation.ts';
import { readTopic } from '../support/topics.ts';

const PREFIX = loadConfig().topicPrefix;
const TS = parseUs('2031-05-05');
const ACCOUNT = 'records-account';

const fill = (trade: string, more: object = {}): Record<string, unknown> => ({
  ...{ kind: 'fill', fill_id: `${trade}-in`, order_id: `${trade}-in`, trade_id: trade, ts: TS },
  ...{ signal_id: null, prediction_id: null, model_id: null, bot: null, account: ACCOUNT },
  ...{ venue: 'records', symbol: 'A/USD', intent: 'entry', side: 'buy', order_type: 'market' },
  ...{ price: '100', size: '1', fee: '0', fee_currency: 'USD', fx_rate: '1', liquidity: 'taker' },
  ...{ mode: 'live', reason: '' },
  ...more,
});
const exit = (trade: string, more: object = {}): Record<string, unknown> =>
  fill(trade, {
    ...{ fill_id: `${trade}-out`, order_id: `${trade}-out`, intent: 'exit', side: 'sell' },
    ...{ ts: TS + 1, price: '101' },
    ...more,
  });
const signal = (id: string, more: object = {}): Record<string, unknown> => ({
  ...{ kind: 'signal', signal_id: id, prediction_id: 'p', feature_id: 'f', model_id: 'm' },
  ...{ bot: 'b', account: ACCOUNT, strategy: 's', timeframe: '1m', venue: 'records' },
  ...{ symbol: 'A/USD', ts: TS, decided_ts: TS, known_at: TS, direction: 'buy', entry: '1' },
  ...{ stop_loss: '1', take_profit: '1', risk_reward: '1', size: '1', confidence: 0.5 },
  ...{ expires_at: TS, reason: '', indicators: {} },
  ...more,
});

/** Each of them dead, by which reason. */
const DEAD_FILLS: readonly [unknown, string][] = [
  [fill('d1', { size: '-1' }), 'schema'],
  [fill('d2', { price: '0' }), 'schema'],
  [fill('d3', { fx_rate: 'NaN' }), 'schema'],
  [fill('d4', { fill_id: 'a\u0000b' }), 'schema'],
  [fill('d5', { reason: '\u0000' }), 'schema'],
  [fill('d6', { price: `0.${'1'.repeat(21)}` }), 'schema'],
  [fill('d7', { ts: TS * 1_000 }), 'schema'],
  [fill('d8', { order_type: 'iceberg' }), 'schema'],
  [fill('d9', { price: 100 }), 'schema'],
  [fill('d10', { trade_id: `a${'\u0301'.repeat(3_000)}` }), 'schema'],
  [fill('d11', { account: 'somebody-else' }), 'key_mismatch'],
  [signal('d12'), 'wrong_topic'],
  ['{"kind":"fill"', 'bad_json'],
  ['[]', 'not_a_record'],
  [null, 'empty_value'],
  [exit('good-0', { size: '0.5', fill_id: 'd15', order_id: 'd15' }), 'unbookable'],
  [exit('good-0', { side: 'buy', fill_id: 'd16', order_id: 'd16' }), 'unbookable'],
  [fill('d17', { fee: '1', fee_currency: 'BNB' }), 'unbookable'],
  [fill('good-0', { fill_id: 'd18', order_id: 'd18' }), 'unbookable'],
  [fill('good-0', { price: '99' }), 'contradiction'],
];
const DEAD_SIGNALS: readonly [unknown, string][] = [
  [signal('e1', { size: '0' }), 'schema'],
  [signal('e2', { indicators: { 'a\u0000': 1 } }), 'schema'],
  [signal('e3', { confidence: 2 }), 'schema'],
  [signal('e4', { decided_ts: -1 }), 'schema'],
  [fill('e5'), 'wrong_topic'],
  ['\u0000', 'bad_json'],
];
const GOOD = 12;

describe('records of money', () => {
  let installation: Installation;

  beforeAll(() => {
    installation = new Installation();
  });
  afterAll(() => installation.close());

  const record = (topic: string, key: string, value: unknown): OutRecord => ({
    ...{ topic: `${PREFIX}${topic}`, key, timestampMs: TS / 1_000 },
    value: value === null || typeof value === 'string' ? value : JSON.stringify(value),
  });
  const rows = async (sql: string, ...values: unknown[]): Promise<Record<string, unknown>[]> =>
    (await installation.context.postgres.query<Record<string, unknown>>(sql, values)).rows;
  const drained = async (): Promise<void> => {
    const probe = installation.context.flowProbe();
    const open = async () => must((await probe.lags()).find(({ stage }) => stage === 'trades')).lag;
    while ((await open()) > 0) await sleep(100);
  };
  const run = async (...args: string[]): Promise<Ran> => {
    const ran = await tickloom('dead-letters', ...args);
    expect(`${ran.code} ${ran.err}`, args.join(' ')).toBe('0 ');
    return ran;
  };
  const reasons = async (topic: string): Promise<string[]> =>
    (await readTopic(installation.context, 'dead-letters'))
      .filter(({ headers }) => headers['source_topic'] === `${PREFIX}${topic}`)
      .map(({ headers }) => headers['reason'] ?? '')
      .toSorted();

  test('good ones are booked, each bad one is dead once, and the outbox goes on', async () => {
    await installation.start('money');
    const goodFills = Array.from({ length: GOOD }, (_, i) => fill(`good-${i}`));
    const fills = [
      ...goodFills.slice(0, 1).map((value) => record('fills', ACCOUNT, value)),
      ...DEAD_FILLS.flatMap(([value], i) => [
        record('fills', ACCOUNT, value),
        ...goodFills.slice(i + 1, i + 2).map((good) => record('fills', ACCOUNT, good)),
      ]),
      record('fills', ACCOUNT, { kind: 'dividend', amount: 3 }),
      record('fills', ACCOUNT, { kind: 'dividend', amount: 4 }),
      ...[0, 1].map((i) => record('fills', ACCOUNT, exit(`good-${i}`))),
    ];
    const key = 'records:A/USD';
    const signals = DEAD_SIGNALS.flatMap(([value], i) => [
      record('signals', key, value),
      record('signals', key, signal(`signal-${i}`)),
    ]);
    await installation.append([...fills, ...signals]);
    await drained();
    const booked = await rows('SELECT fill_id FROM fills WHERE account = $1', ACCOUNT);
    expect(booked.length).toBe(GOOD + 2);
    expect((await rows('SELECT 1 FROM signals WHERE account = $1', ACCOUNT)).length).toBe(6);
    expect(await reasons('fills')).toEqual(DEAD_FILLS.map(([, reason]) => reason).toSorted());
    expect(await reasons('signals')).toEqual(DEAD_SIGNALS.map(([, reason]) => reason).toSorted());
    const [balance] = await rows('SELECT balance FROM accounts WHERE account = $1', ACCOUNT);
    expect(Number(balance?.['balance'])).toBe(-100 * GOOD + 2 * 101);
    expect(await rows('SELECT 1 FROM account_breaks WHERE account = $1', ACCOUNT)).toEqual([]);

    const controlId = `halt:${ACCOUNT}:records-test`;
    const body = { account: ACCOUNT, until_ts: TS, reason: 'a test' };
    const halt = { controlId, type: 'halt', subject: ACCOUNT, body, cause: 'a test' } as const;
    await appendControl(installation.context.postgres, halt);
    const state = () => rows('SELECT state FROM control_outbox WHERE control_id = $1', controlId);
    while ((await state())[0]?.['state'] !== 'sent') await sleep(100);
  });

  test('they are counted by place: read again, none is counted twice', async () => {
    const { postgres } = installation.context;
    const counted = async () => ({
      dead: (await deadCounts(postgres)).reduce((sum, { records }) => sum + records, 0),
      kinds: await unknownKinds(postgres),
    });
    const before = await counted();
    expect(before.dead).toBe(DEAD_FILLS.length + DEAD_SIGNALS.length);
    expect(before.kinds).toMatchObject([{ topic: `${PREFIX}fills`, kind: 'dividend', records: 2 }]);
    await installation.stop('money');
    const again = await rows(
      `UPDATE checkpoints SET next_offset = 0, marker_offset = NULL, marker_hash = NULL
       WHERE stage = 'trades' RETURNING 1`,
    );
    expect(again.length).toBe(4);
    await installation.start('money');
    const position = () =>
      rows(`SELECT sum(next_offset) AS sum FROM checkpoints WHERE stage = 'trades'`);
    const end = 1 + DEAD_FILLS.length + GOOD - 1 + 2 + 2 + DEAD_SIGNALS.length * 2;
    while (Number((await position())[0]?.['sum']) < end) await sleep(100);
    const after = await counted();
    expect(after).toEqual(before);
    expect((await rows('SELECT 1 FROM fills WHERE account = $1', ACCOUNT)).length).toBe(GOOD + 2);
  });

  test('an alert names topic and reason, is over once acknowledged, and comes anew with new ones', async () => {
    const { context } = installation;
    const look = () => must(LOOKS['dead letters'])(context);
    const open = async () =>
      (await readAlerts(context.postgres)).filter(
        ({ subject, kind }) => kind === 'dead-letters' && subject === `${PREFIX}fills`,
      );
    await look();
    const found = await open();
    expect(found.length).toBe(new Set(DEAD_FILLS.map(([, reason]) => reason)).size);
    const unbookable = must(found.find(({ message }) => message.includes('(unbookable, 4')));
    expect(unbookable.severity).toBe('error');
    for (const { alert_id } of found) await acknowledgeAlert(context.postgres, alert_id);
    await look();
    expect(await open()).toEqual([]);
    await installation.append([record('fills', ACCOUNT, '{')]);
    await drained();
    await look();
    expect((await open()).map(({ message }) => message)).toEqual([
      expect.stringContaining('(bad_json, 2 so far)'),
    ]);
  });

  test('books that do not close are alarmed with account and difference, until they do', async () => {
    const { context } = installation;
    const move = (by: number): Promise<unknown> =>
      rows('UPDATE accounts SET balance = balance + $2 WHERE account = $1', ACCOUNT, by);
    const ours = async () =>
      (await bookAlerts(context)).filter(({ subject }) => subject === ACCOUNT);
    expect(await ours()).toEqual([]);
    await move(7);
    expect(await ours()).toMatchObject([
      { severity: 'critical', message: expect.stringMatching(/-7 apart/) as string },
    ]);
    await move(-7);
    expect(await ours()).toEqual([]);
  });

  test('a dead letter is listed, shown whole and sent again, and is booked once it can be', async () => {
    const late = fill('late', { ...{ symbol: 'A/EUR', fee_currency: 'EUR' }, fx_rate: '1.1' });
    // In an account that somebody has opened in euros by mistake.
    await rows(`UPDATE accounts SET currency = 'EUR' WHERE account = $1`, ACCOUNT);
    await installation.append([record('fills', ACCOUNT, late)]);
    await drained();
    await rows(`UPDATE accounts SET currency = 'USD' WHERE account = $1`, ACCOUNT);
    const json = await run('list', '--reason', 'unbookable', '--topic', 'fills', '--json');
    const listed = JSON.parse(json.out) as { place: string; detail: string; was_resent: boolean }[];
    expect(listed.length).toBe(5);
    const { place } = must(listed.find(({ detail }) => detail.includes("account's own currency")));
    const [show, kinds, wrong, unknown] = await Promise.all([
      run('show', place, '--json'),
      run('kinds'),
      tickloom('dead-letters', 'resend'),
      tickloom('dead-letters', 'list', '--reason', 'nope'),
    ]);
    expect(unknown).toMatchObject({
      code: 2,
      err: expect.stringContaining('unbookable') as string,
    });
    expect(JSON.parse((JSON.parse(show.out) as { value: string }).value)).toEqual(late);
    expect(kinds.out).toMatch(new RegExp(`${PREFIX}fills +"dividend" +2`));
    expect(wrong.code).toBe(2);
    expect((await run('resend', place)).out).toContain(`sent again: ${place}`);
    await drained();
    const booked = await rows(`SELECT fill_id FROM fills WHERE trade_id = 'late'`);
    expect(booked).toEqual([{ fill_id: 'late-in' }]);
    const topic = await readTopic(installation.context, 'fills');
    expect(topic.at(-1)?.headers).toEqual({ resent_from: place });
    const all = await run('resend', '--all', '--reason', 'unbookable', '--json');
    expect((JSON.parse(all.out) as { sent: string[] }).sent).not.toContain(place);
    await drained();
    expect((await rows('SELECT 1 FROM fills WHERE account = $1', ACCOUNT)).length).toBe(GOOD + 3);
  }, 300_000);

  test('readiness names a partition that stands still, and not one that goes on', async () => {
    await installation.start('http', { TICKLOOM_STANDSTILL_MS: '5000' });
    const { httpPort } = installation.context.config;
    const ready = async (): Promise<{
      checks: { stages: string };
      standing?: { stage: string }[];
    }> => (await fetch(`http://127.0.0.1:${httpPort}/readyz`)).json() as Promise<never>;
    const stands = async (): Promise<boolean> =>
      ((await ready()).standing ?? []).some(({ stage }) => stage === 'trades');
    expect(await stands()).toBe(false);
    await installation.stop('money');
    await installation.append([record('fills', ACCOUNT, fill('stands'))]);
    while (!(await stands())) await sleep(200);
    expect((await ready()).checks.stages).toMatch(
      new RegExp(`trades stands still at \\d+ of \\d+ in ${PREFIX}fills/[01] for \\d+ s`),
    );
    await installation.start('money');
    while (await stands()) await sleep(200);
    const metrics = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
    expect(metrics).toContain(`tickloom_dead_letters{topic="${PREFIX}fills",reason="schema"} 10`);
    // What another process counts is told through this one.
    const labels = [`stage="trades"`, `topic="${PREFIX}fills"`, 'partition="[01]"'];
    labels.push('event="in_fill"', 'process="trades"', 'worker="[^"]+"');
    const counted = new RegExp(`^tickloom_stage_events_total\\{${labels.join()}\\} 1$`, 'm');
    const text = async () => (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
    while (!counted.test(await text())) await sleep(500);
    expect(await text()).toMatch(/^process_cpu_seconds_total\{process="trades",worker="/m);
    const flow = await fetch(`http://127.0.0.1:${httpPort}/v1/flow`);
    const { nodes } = (await flow.json()) as { nodes: { name: string; state: string | null }[] };
    const states = Object.fromEntries(nodes.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ trades: 'running', stream: 'not running', feed: null });
    const kinds = `http://127.0.0.1:${httpPort}/v1/quality/unknown-kinds`;
    expect(await (await fetch(kinds)).json()).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ topic: `${PREFIX}fills`, kind: 'dividend', records: 2 }),
      ]),
    });
  });
});
