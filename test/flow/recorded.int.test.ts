/** Real recordings through the real flow: what comes out equals what an independent count says. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, unzipSync } from 'fflate';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTickFiles } from '../../src/feeds/files.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { Installation } from '../support/installation.ts';

const SAMPLE = join(PROJECT_DIR, 'data', 'sample', 'oanda-eurusd');
const FRAMES = join(PROJECT_DIR, 'test', 'fixtures', 'feeds', 'btcusdt_frames.gz');
const CANDLES = join(PROJECT_DIR, 'test', 'fixtures', 'candles', 'oanda-eurusd-1m.csv.gz');
const DERIVED = ['candles', 'features', 'predictions', 'labels'];
/** On two cores that others use too. */
const FEED_MS = 300_000;

const files = readdirSync(SAMPLE)
  .filter((name) => name.endsWith('.zip'))
  .toSorted();

/** Straight from the files, by code that shares nothing with the flow. */
function quotesByHand(): { ms: number; bid: number; ask: number }[] {
  const quotes: { ms: number; bid: number; ask: number }[] = [];
  for (const name of files) {
    const day = Date.UTC(+name.slice(0, 4), +name.slice(4, 6) - 1, +name.slice(6, 8));
    const [bytes] = Object.values(unzipSync(readFileSync(join(SAMPLE, name))));
    for (const line of new TextDecoder().decode(bytes).trim().split('\n')) {
      const [ms = 0, bid = 0, ask = 0] = line.split(',').map(Number);
      const last = quotes.at(-1);
      const repeat = last?.ms === day + ms && last.bid === bid && last.ask === ask;
      if (!repeat) quotes.push({ ms: day + ms, bid, ask });
    }
  }
  return quotes;
}

/** Made by test/oracle/candles.py from the same files. */
function pandasCandles(): number[][] {
  const [, ...lines] = new TextDecoder()
    .decode(gunzipSync(readFileSync(CANDLES)))
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [startMs = 0, ...values] = line.split(',').map(Number);
    return [startMs * 1000, ...values];
  });
}

describe('recorded markets', () => {
  let installation: Installation;
  const eurusd = (venue: string) =>
    readTickFiles(
      files.map((name) => join(SAMPLE, name)),
      'lean-quote',
      { venue, symbol: 'EUR/USD' },
    );

  beforeAll(async () => {
    installation = new Installation();
    for (const name of ['stream', 'sink', 'money', 'jobs'] as const) await installation.start(name);
  });
  afterAll(() => installation.close());

  test(
    'eight days of quotes are stored exactly, and 1m candles equal those of pandas',
    { timeout: FEED_MS },
    async () => {
      await installation.feed(eurusd('oanda-a'));
      const expected = quotesByHand();
      const stored = await installation.reader.query<{
        ts: number;
        bid: number;
        ask: number;
        n: number;
      }>(`SELECT ts, bid, ask, known_at - ts AS n FROM quotes WHERE venue = 'oanda-a' ORDER BY ts`);
      expect(stored.length).toBe(expected.length);
      const text = (ms: number, bid: number, ask: number): string => `${ms} ${bid} ${ask}`;
      expect(stored.map(({ ts, bid, ask }) => text(ts / 1000, bid, ask)).toSorted()).toEqual(
        expected.map(({ ms, bid, ask }) => text(ms, bid, ask)).toSorted(),
      );
      expect(
        stored.every(({ n }) => n >= 0),
        'nothing is known before it happened',
      ).toBe(true);

      const served = await installation.reader.query<Record<string, number>>(
        `SELECT ts, open, high, low, close, trades FROM candles
       WHERE venue = 'oanda-a' AND timeframe = '1m' AND price_source = 'mid' ORDER BY ts`,
      );
      const columns = ['ts', 'open', 'high', 'low', 'close', 'trades'] as const;
      expect(served.map((candle) => columns.map((name) => candle[name]))).toEqual(pandasCandles());
    },
  );

  test('every matured decision has a label that prices computed by hand confirm', async () => {
    const quotes = quotesByHand();
    const labels = await installation.reader.query<Record<string, number | string | null>>(
      `SELECT * FROM labels WHERE venue = 'oanda-a' AND state = 'matured'`,
    );
    expect(labels.length).toBeGreaterThan(8_000);
    const sample = labels.filter((_, i) => i % 97 === 0);
    for (const { decided_ts, entry_price, exit_price, up } of sample) {
      const decidedMs = Number(decided_ts) / 1000;
      const entry = quotes.find(({ ms }) => ms > decidedMs);
      const exit = quotes.findLast(({ ms }) => ms <= decidedMs + 3_600_000);
      const mid = (q: typeof entry): number => ((q?.bid ?? 0) + (q?.ask ?? 0)) / 2;
      // Several quotes may share the millisecond: the price has to be one of them.
      const at = (ms: number): number[] => quotes.filter((q) => q.ms === ms).map(mid);
      expect(at(entry?.ms ?? 0)).toContain(entry_price);
      expect(at(exit?.ms ?? 0)).toContain(exit_price);
      expect(up).toBe(Number(exit_price) > Number(entry_price) ? 1 : 0);
    }
  });

  test('closed trades add up to their fills, and the books have no break', async () => {
    const { rows } = await installation.context.postgres.query<Record<string, string>>(
      `SELECT t.side, t.size, t.net_pnl, t.entry_price, t.exit_price,
         (SELECT sum(fee) FROM fills f WHERE f.trade_id = t.trade_id) AS fees
       FROM trades t WHERE venue = 'oanda-a' AND state = 'closed'`,
    );
    expect(rows.length).toBeGreaterThan(20);
    for (const { side, size, net_pnl, entry_price, exit_price, fees } of rows) {
      const direction = side === 'buy' ? 1 : -1;
      const gross = (Number(exit_price) - Number(entry_price)) * Number(size) * direction;
      expect(Number(net_pnl)).toBeCloseTo(gross - Number(fees), 9);
    }
    const breaks = await installation.context.postgres.query(
      `SELECT * FROM account_breaks WHERE account IN ('paper', 'replay')
         OR starts_with(account, 'control-group')`,
    );
    expect(breaks.rows).toEqual([]);
    // Nobody but the control group trades the baseline, and 2014 is no live market.
    const traded = await installation.context.postgres.query(
      `SELECT DISTINCT bot, account FROM trades WHERE venue = 'oanda-a'`,
    );
    expect(traded.rows).toEqual([{ bot: 'control', account: 'control-group-replay' }]);
    const pending = await installation.context.postgres.query(
      `SELECT * FROM signals WHERE state = 'pending' AND trade_id IS NULL AND expires_at < (
         SELECT max(expires_at) FROM signals)`,
    );
    expect(pending.rows).toEqual([]);
  });

  test('the same days fed again change no derived table and flag nothing', async () => {
    const before = await Promise.all(DERIVED.map((t) => installation.dump(t, 'oanda-a')));
    const ticks = await installation.dump('quotes', 'oanda-a');
    await installation.feed(eurusd('oanda-a'));
    expect(await installation.dump('quotes', 'oanda-a')).toEqual(ticks);
    const after = await Promise.all(DERIVED.map((t) => installation.dump(t, 'oanda-a')));
    expect(after).toEqual(before);
    expect(await installation.dump('quality_events', 'oanda-a')).toEqual([]);
  });

  test('Binance frames give exactly their trades by id, none known before it happened', async () => {
    const lines = new TextDecoder()
      .decode(gunzipSync(readFileSync(FRAMES)))
      .trim()
      .split('\n');
    const ids = lines.flatMap((line) => /@trade.*"t":(\d+)/.exec(line)?.[1] ?? []).toSorted();
    expect(ids.length).toBeGreaterThan(500);
    const options = { venue: 'binance', symbol: 'BTC/USDT' };
    await installation.feed(readTickFiles([FRAMES], 'binance-frames', options));
    const rows = await installation.reader.query<{ id: string; ts: number; known_at: number }>(
      `SELECT id, ts, known_at FROM ticks WHERE venue = 'binance'`,
    );
    expect(rows.map(({ id }) => id).toSorted()).toEqual(ids);
    expect(rows.filter(({ ts, known_at }) => known_at < ts)).toEqual([]);
  });
});
