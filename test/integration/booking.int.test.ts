/** What the money stage does to PostgreSQL with the records it is given, in whatever order. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { parseUs, US_PER_HOUR } from '../../src/domain/time.ts';
import type { Fill, Refusal, Signal } from '../../src/domain/wire.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import { bookBatch, type BookRequest, type Refused } from '../../src/postgres/tables/booking.ts';
import { rateAlerts } from '../../src/app/watch-records.ts';
import { PostgresCheckpoints } from '../../src/postgres/tables/checkpoints.ts';

const TOPIC = 'booking-test';
const DAY = parseUs('2031-03-05');
const LIMIT = '200';

const makeFill = (account: string, trade: string, more: Partial<Fill>): Fill => ({
  kind: 'fill',
  fill_id: `${trade}-${more.intent ?? 'entry'}`,
  order_id: `${trade}-order-${more.intent ?? 'entry'}`,
  trade_id: trade,
  signal_id: `${trade}-signal`,
  prediction_id: null,
  model_id: 'baseline',
  bot: 'bot-of-booking',
  account,
  venue: 'booking',
  symbol: 'A/USD',
  ts: DAY,
  intent: 'entry',
  side: 'buy',
  order_type: 'market',
  price: '1000',
  size: '1',
  fee: '0',
  fee_currency: 'USD',
  fx_rate: '1',
  liquidity: 'taker',
  mode: 'paper',
  reason: 'signal',
  ...more,
});

/** A round trip that loses `loss` and is closed at `ts`. */
function losing(account: string, trade: string, loss: string, ts: number): Fill[] {
  const price = (1000 - Number(loss)).toFixed(2);
  const exit = { intent: 'exit', side: 'sell', price, ts, reason: 'stop' } as const;
  return [makeFill(account, trade, { ts: ts - 1 }), makeFill(account, trade, exit)];
}

const makeSignal = (account: string, trade: string): Signal => ({
  kind: 'signal',
  signal_id: `${trade}-signal`,
  prediction_id: 'p',
  feature_id: 'f',
  model_id: 'baseline',
  bot: 'bot-of-booking',
  account,
  strategy: 'direction',
  timeframe: '1m',
  venue: 'booking',
  symbol: 'A/USD',
  ts: DAY,
  decided_ts: DAY,
  known_at: DAY,
  direction: 'buy',
  entry: '1000',
  stop_loss: '990',
  take_profit: '1010',
  risk_reward: '1',
  size: '1',
  confidence: 0.6,
  expires_at: DAY + US_PER_HOUR,
  reason: 'test',
  indicators: {},
});

describe('booking', () => {
  let context: Context;
  let epoch = 0;
  let offset = 0;

  beforeAll(async () => {
    context = openContext(loadConfig(), 'test');
    epoch = (await new PostgresCheckpoints(context.postgres, 'trades', 'test').claim(TOPIC, 0))
      .epoch;
  });
  afterAll(() => context.close());

  const openAccount = (account: string): Promise<unknown> =>
    context.postgres.query(
      `INSERT INTO accounts (account, currency, mode, daily_loss_limit)
       VALUES ($1, 'USD', 'paper', $2)`,
      [account, LIMIT],
    );
  /** What the last batch could not book. */
  let refused: readonly Refused[] = [];
  const book = (
    records: BookRequest['records'],
    more: Partial<BookRequest> = {},
  ): Promise<string> => {
    const nextOffset = (offset += records.length);
    const request = { topic: TOPIC, partition: 0, epoch, nextOffset, records, ...more };
    return bookBatch(context.postgres, request, (found) => {
      refused = found;
      return Promise.resolve([]);
    });
  };
  const rows = async (sql: string, ...params: string[]): Promise<Record<string, unknown>[]> =>
    (await context.postgres.query<Record<string, unknown>>(sql, params)).rows;
  const halts = (account: string): Promise<Record<string, unknown>[]> =>
    rows(`SELECT body FROM control_outbox WHERE type = 'halt' AND subject = $1`, account);

  test('a missing rate is one row with its count, in any order, and one alert', async () => {
    const refusal = (symbol: string, decisions: number): Refusal => ({
      ...{ kind: 'refusal', refusal_id: `r-${symbol}-${decisions}`, bot: 'bot-of-booking' },
      ...{ account: 'booking-yen', venue: 'booking', symbol, cause: 'no_rate' },
      ...{ reason: 'no rate from JPY to the bookkeeper', first_ts: DAY },
      ...{ last_ts: DAY + decisions * 60_000_000, decisions },
    });
    const records = [
      refusal('A/JPY', 1),
      refusal('A/JPY', 8_000),
      refusal('A/JPY', 61),
      refusal('B/JPY', 1),
    ];
    expect(await book(records)).toBe('booked');
    expect(await book(records.toReversed())).toBe('booked');
    expect(
      await rows(
        `SELECT symbol, decisions FROM signal_refusals WHERE account = $1 ORDER BY symbol`,
        'booking-yen',
      ),
    ).toEqual([
      { symbol: 'A/JPY', decisions: 8_000 },
      { symbol: 'B/JPY', decisions: 1 },
    ]);
    const alerts = await rateAlerts(context);
    expect(alerts.filter(({ key }) => key.endsWith('the bookkeeper'))).toMatchObject([
      {
        key: 'no-rate:no rate from JPY to the bookkeeper',
        message: expect.stringContaining('2 instruments, such as booking:A/JPY (8001 decisions'),
      },
    ]);
  });

  test('an exit whose entry nobody has booked is kept unbooked and reported, and the next goes on', async () => {
    await openAccount('booking-orphan');
    const [, exit] = losing('booking-orphan', 'lost', '10', DAY + 5);
    const [entry, sound] = losing('booking-orphan', 'found', '10', DAY + 6);
    const records = [exit, entry, sound].flatMap((fill) => fill ?? []);
    expect(await book(records)).toBe('booked');
    expect(await book(records)).toBe('booked');
    const fills = await rows(
      `SELECT fill_id, booked FROM fills WHERE account = $1 ORDER BY fill_id`,
      'booking-orphan',
    );
    expect(fills).toEqual([
      { fill_id: 'found-entry', booked: true },
      { fill_id: 'found-exit', booked: true },
      { fill_id: 'lost-exit', booked: false },
    ]);
    const errors = await rows(
      `SELECT code, occurrences FROM errors WHERE error_key = $1`,
      'orphan:fill:booking:booking-orphan:lost-exit',
    );
    expect(errors).toEqual([{ code: 'orphan', occurrences: 1 }]);
    const entries = await rows(
      `SELECT 1 FROM ledger_entries WHERE account = $1 AND trade_id = 'lost'`,
      'booking-orphan',
    );
    expect(entries).toEqual([]);
  });

  test('losses of exactly the limit halt until midnight; a cent less does not', async () => {
    for (const [account, last, halted] of [
      ['booking-under', '99.99', false],
      ['booking-at', '100', true],
      ['booking-over', '100.01', true],
    ] as const) {
      await openAccount(account);
      await book(losing(account, `${account}-1`, '100', DAY + US_PER_HOUR));
      expect(await halts(account), 'half of the limit').toEqual([]);
      await book(losing(account, `${account}-2`, last, DAY + 2 * US_PER_HOUR));
      const until = DAY + 24 * US_PER_HOUR;
      expect(await halts(account)).toMatchObject(
        halted ? [{ body: { account, until_ts: until } }] : [],
      );
    }
  });

  test('one halt a day, and the next day counts from zero', async () => {
    const account = 'booking-days';
    await openAccount(account);
    const day = 24 * US_PER_HOUR;
    await book(losing(account, 'days-1', '150', DAY + day - 1));
    await book(losing(account, 'days-2', '150', DAY + day));
    expect(await halts(account), '150 on each side of midnight').toEqual([]);
    await book(losing(account, 'days-3', '150', DAY + day + 10));
    await book(losing(account, 'days-4', '150', DAY + day + 20));
    expect(await halts(account)).toHaveLength(1);
  });

  test('signal and fills give the same rows in any order, once or three times', async () => {
    const found: unknown[] = [];
    for (const [i, order] of [
      [0, 1, 2],
      [1, 2, 0],
      [1, 0, 2, 0, 1, 2, 1],
    ].entries()) {
      const account = `booking-order-${i}`;
      await openAccount(account);
      const trade = `order-${i}`;
      const [entry, exit] = losing(account, trade, '12.34', DAY + US_PER_HOUR);
      const records = [makeSignal(account, trade), entry!, exit!];
      for (const index of order) {
        await book([records[index]!]);
        expect(refused).toEqual([]);
      }
      const row = await rows(
        `SELECT s.state, s.result, t.state AS trade_state, t.net_pnl, t.stop_loss, t.exit_reason,
           a.balance, (SELECT count(*) FROM ledger_entries l WHERE l.account = a.account) AS lines,
           (SELECT count(*) FROM account_breaks b WHERE b.account = a.account) AS breaks
         FROM accounts a JOIN trades t USING (account) JOIN signals s USING (signal_id)
         WHERE a.account = $1`,
        account,
      );
      found.push(row);
    }
    expect(found[0]).toEqual([
      expect.objectContaining({
        state: 'executed',
        result: 'loss',
        trade_state: 'closed',
        exit_reason: 'stop',
        breaks: 0,
      }),
    ]);
    expect(Number((found[0] as [{ net_pnl: string }])[0].net_pnl)).toBe(-12.34);
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
  });

  test('the same id with another content is kept apart and books nothing', async () => {
    const account = 'booking-contradiction';
    await openAccount(account);
    const fill = makeFill(account, 'contradiction', {});
    await book([fill]);
    await book([{ ...fill, price: '1' }]);
    const [trade] = await rows('SELECT entry_price FROM trades WHERE account = $1', account);
    expect(Number(trade?.['entry_price'])).toBe(1000);
    const errors = await rows(
      `SELECT code FROM errors WHERE context->>'account' = $1 AND severity = 'critical'`,
      account,
    );
    expect(errors).toEqual([{ code: 'contradiction' }]);
    expect(refused).toMatchObject([{ index: 0, reason: 'contradiction' }]);
  });

  test('a signal of the same id with another content changes nothing, and is told', async () => {
    const account = 'booking-contradiction-signal';
    await openAccount(account);
    const signal = makeSignal(account, 'contradiction-signal');
    await book([signal, signal]);
    expect(refused).toEqual([]);
    await book([{ ...signal, confidence: 0.123 }]);
    expect(refused).toMatchObject([{ index: 0, reason: 'contradiction' }]);
    const [row] = await rows('SELECT confidence FROM signals WHERE account = $1', account);
    expect(row?.['confidence']).toBe(signal.confidence);
  });

  test('a process that lost its partition books nothing', async () => {
    const account = 'booking-fenced';
    await openAccount(account);
    const outcome = await book([makeFill(account, 'fenced', {})], { epoch: epoch - 1 });
    expect(outcome).toBe('fenced');
    expect(await rows('SELECT 1 FROM fills WHERE account = $1', account)).toEqual([]);
  });

  test('a batch that fails half way leaves nothing behind, its position least of all', async () => {
    const account = 'booking-atomic';
    await openAccount(account);
    const position = async (): Promise<unknown> =>
      (await rows('SELECT next_offset FROM checkpoints WHERE topic = $1', TOPIC))[0];
    const before = await position();
    const records = [makeFill(account, 'atomic', {})];
    const request = { topic: TOPIC, partition: 0, epoch, nextOffset: offset + 1, records };
    const away = bookBatch(context.postgres, request, () => Promise.reject(new Error('away')));
    await expect(away).rejects.toThrow('away');
    expect(await rows('SELECT 1 FROM fills WHERE account = $1', account)).toEqual([]);
    expect(await position()).toEqual(before);
  });

  test('data that a table refuses takes nothing with it, whatever comes before and behind', async () => {
    const account = 'booking-refused';
    await openAccount(account);
    const bad: Partial<Fill>[] = [
      { price: 'NaN' },
      { size: '-1' },
      { price: '0' },
      { bot: 'a\u0000' },
    ];
    const records = bad.flatMap((more, i) => [
      makeFill(account, `refused-good-${i}`, {}),
      makeFill(account, `refused-bad-${i}`, more),
    ]);
    expect(await book([...records, makeSignal(account, 'refused-good-0')])).toBe('booked');
    expect(refused.map(({ index, reason }) => [index, reason])).toEqual(
      [1, 3, 5, 7].map((index) => [index, 'refused_by_postgres']),
    );
    expect(refused[1]?.detail).toMatch(/fills_size_check.*SQLSTATE 23514/);
    const booked = await rows(
      'SELECT fill_id FROM fills WHERE account = $1 ORDER BY fill_id',
      account,
    );
    expect(booked.map((row) => row['fill_id'])).toEqual(
      [0, 1, 2, 3].map((i) => `refused-good-${i}-entry`),
    );
    expect(await rows('SELECT 1 FROM account_breaks WHERE account = $1', account)).toEqual([]);
  });

  test('what a deferred trigger says of one record is no trouble of the others', async () => {
    const account = 'booking-deferred';
    await openAccount(account);
    await context.postgres.query(`
      CREATE FUNCTION refuse_booking_test() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.trade_id = 'deferred-bad' THEN
          RAISE EXCEPTION 'not this one' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
      END $$;
      CREATE CONSTRAINT TRIGGER booking_test AFTER INSERT ON ledger_entries
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_booking_test()`);
    try {
      const trades = ['deferred-1', 'deferred-bad', 'deferred-2'];
      expect(await book(trades.map((trade) => makeFill(account, trade, {})))).toBe('booked');
    } finally {
      await context.postgres.query(`DROP TRIGGER booking_test ON ledger_entries;
        DROP FUNCTION refuse_booking_test()`);
    }
    expect(refused).toMatchObject([{ index: 1, reason: 'refused_by_postgres' }]);
    const booked = await rows(
      'SELECT trade_id FROM trades WHERE account = $1 ORDER BY trade_id',
      account,
    );
    expect(booked.map((row) => row['trade_id'])).toEqual(['deferred-1', 'deferred-2']);
  });

  test('an exit that came before its entry is booked with it, and one that does not fit is not', async () => {
    const account = 'booking-waits';
    await openAccount(account);
    const [entry, exit] = losing(account, 'waits', '10', DAY + 5);
    const other = { ...exit!, fill_id: 'waits-second', order_id: 'waits-second' };
    await book([exit!, other]);
    await book([entry!]);
    const trade = await rows(`SELECT state, net_pnl FROM trades WHERE account = $1`, account);
    expect(trade).toMatchObject([{ state: 'closed' }]);
    const fills = await rows(
      'SELECT fill_id FROM fills WHERE account = $1 AND NOT booked',
      account,
    );
    expect(fills).toEqual([{ fill_id: 'waits-second' }]);
    const errors = await rows(
      `SELECT code, state FROM errors WHERE context->>'account' = $1 ORDER BY error_id`,
      account,
    );
    expect(errors).toEqual([
      { code: 'orphan', state: 'resolved' },
      { code: 'orphan', state: 'open' },
      { code: 'unbookable', state: 'open' },
    ]);
    expect(await rows('SELECT 1 FROM account_breaks WHERE account = $1', account)).toEqual([]);
  });

  test('a fill that cannot be booked right is refused by its rule, and no balance moves', async () => {
    const account = 'booking-unbookable';
    await openAccount(account);
    const [entry, exit] = losing(account, 'unbookable', '10', DAY + 5) as [Fill, Fill];
    const wrong = (id: string, of: Fill, more: Partial<Fill>): Fill => ({
      ...{ ...of, fill_id: `unbookable-${id}`, order_id: `unbookable-order-${id}` },
      ...more,
    });
    const cases: [Fill, RegExp][] = [
      [wrong('part', exit, { size: '0.5' }), /only a part/],
      [wrong('larger', exit, { size: '1.5' }), /is larger/],
      [wrong('side', exit, { side: 'buy' }), /is a buy, and so is its exit/],
      [wrong('symbol', exit, { symbol: 'B/USD' }), /is of booking:A\/USD/],
      [wrong('before', exit, { ts: entry.ts - 1 }), /lies before/],
      [wrong('fee', exit, { fee: '0.01', fee_currency: 'BNB' }), /the fee is in BNB/],
      [wrong('rate', exit, { fx_rate: '0.9' }), /give 1/],
      [wrong('account', exit, { account: 'booking-other' }), /is of account booking-unbookable/],
      [wrong('second', entry, {}), /has its entry/],
      [wrong('order', entry, { trade_id: 'unb-2', order_id: entry.order_id }), /has a fill/],
      [makeFill('booking-other', 'unb-3', { fill_id: entry.fill_id }), /in the ledger/],
      [makeFill(account, 'unb-4', { signal_id: entry.signal_id }), /has made trade unbookable/],
      [{ ...wrong('bust', exit, {}), corrects: 'x' } as Fill, /"corrects"/],
    ];
    await book([entry, ...cases.map(([fill]) => fill)]);
    expect(refused.map(({ index }) => index)).toEqual(cases.map((_, i) => i + 1));
    for (const [i, [, rule]] of cases.entries()) expect(refused[i]?.detail).toMatch(rule);
    await book([exit, wrong('again', exit, {})]);
    expect(refused).toMatchObject([{ index: 1, detail: expect.stringMatching(/is closed/) }]);
    const [balance] = await rows('SELECT balance FROM accounts WHERE account = $1', account);
    expect(Number(balance?.['balance'])).toBe(-10);
    expect(await rows(`SELECT 1 FROM accounts WHERE account = 'booking-other'`)).toEqual([]);
  });

  test('fields that a newer producer adds have no column and change nothing', async () => {
    const account = 'booking-newer';
    await openAccount(account);
    const deep = { venue_sequence: 7, more: { of: ['a\u0000'] } };
    const [entry, exit] = losing(account, 'newer', '10', DAY + 5).map((fill) => ({
      ...fill,
      ...deep,
    }));
    await book([{ ...makeSignal(account, 'newer'), ...deep }, exit!, entry!]);
    expect(refused).toEqual([]);
    expect(await rows('SELECT state FROM trades WHERE account = $1', account)).toEqual([
      { state: 'closed' },
    ]);
  });
});
