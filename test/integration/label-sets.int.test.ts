/** Labels of many instruments at once: the rows that each instrument's own job gives. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '../../src/assert.ts';
import { loadConfig } from '../../src/config/config.ts';
import { parseUs, US_PER_HOUR, US_PER_MIN, US_PER_S } from '../../src/domain/time.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import {
  readMatured,
  nearOnes,
  setRows,
  type LabelSetRequest,
  type SetLimits,
  runLabelJob,
} from '../../pipelines/labels/label-sets.ts';
import { nextSlice } from '../../pipelines/labels/job.ts';
import { MANY_MARKETS } from '../../src/queue/queue-names.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import { seededRandom, type Random } from '../../src/random.ts';
import { noteStored } from '../../src/postgres/tables/stored-watermarks.ts';
import { candles, type CandleRow } from '../../src/questdb/tables/candles.ts';
import { heartbeats } from '../../src/questdb/tables/heartbeats.ts';
import { labels, type LabelRow } from '../../src/questdb/tables/labels.ts';
import { predictions } from '../../src/questdb/tables/predictions.ts';
import { qualityEvents } from '../../src/questdb/tables/quality-events.ts';
import { historyQuotes } from '../../src/questdb/tables/quotes.ts';
import { historyTicks } from '../../src/questdb/tables/ticks.ts';
import type { Cell, Instrument } from '../../src/questdb/table.ts';

const AT = parseUs('2034-06-01T12:00:00Z');
const VENUE = 'label-sets';
const LABEL_SPEC = 'direction_1h@1';
const { latenessUs: LATENESS_US } = loadConfig();
const MARKETS = 30;
const DECISIONS = 8;

interface Drawn extends Instrument {
  /** The minute from which on it was traded, by its candles; null: it has quotes alone. */
  readonly tradedFrom: number | null;
  readonly reachedTs: number;
}

/** Whatever can befall a market: sparse, late, imported, one-sided, with gaps, quiet at the end. */
function draw(random: Random, i: number) {
  const symbol = `S${i}/USD`;
  const of = { venue: VENUE, symbol };
  const below = (n: number): number => Math.floor(random() * n);
  const isIn = (share: number): boolean => random() < share;
  const tradedFrom = isIn(0.4) ? null : isIn(0.5) ? -1 : below(DECISIONS);
  const everyUs = [2 * US_PER_S, 20 * US_PER_S, 2 * US_PER_MIN, 11 * US_PER_MIN][below(4)]!;
  // Where nearly all is late, what comes first says least of when a horizon was seen to be over.
  const lateShare = isIn(0.3) ? 0.9 : 0.1;
  const isQuiet = isIn(0.3);
  const endTs = AT + US_PER_HOUR + DECISIONS * US_PER_MIN;
  const quietUs = isQuiet ? (1 + below(5)) * US_PER_HOUR : 0;
  const [trades, quotes, beats, gaps]: [object[], object[], object[], object[]] = [[], [], [], []];
  const clocks = (ts: number) => {
    const isLate = isIn(lateShare);
    const known_at = ts + below(1_000) + (isLate ? below(2 * US_PER_HOUR) : 0);
    const imported = isIn(0.2);
    const origin = imported ? (isIn(0.5) ? 'import' : 'backfill') : null;
    const imported_at = origin === 'import' ? known_at + below(US_PER_HOUR) : null;
    const came_by = origin === 'import' && isIn(0.5) ? 'backfill' : null;
    return { ...of, ts, known_at, origin, imported_at, came_by, id: String(ts) };
  };
  const price = (): number => 100 + below(40) / 8;
  for (let ts = AT - 5 * US_PER_MIN; ts < endTs + 20 * US_PER_MIN; ts += 1 + below(2 * everyUs)) {
    if (isQuiet && ts > AT + US_PER_HOUR + 2 * US_PER_MIN) break;
    const isTraded = tradedFrom !== null && ts >= AT + tradedFrom * US_PER_MIN;
    if (isTraded && isIn(0.5)) trades.push({ ...clocks(ts), price: price(), size: 1, side: null });
    else {
      const bid = isIn(0.1) ? null : price();
      const sizes = { bid_size: null, ask_size: null };
      quotes.push({ ...clocks(ts), bid, ask: bid === null || isIn(0.1) ? price() : bid, ...sizes });
    }
    if (isIn(0.1)) beats.push({ ...of, ts, known_at: ts + below(1_000), imported_at: null });
    if (isIn(0.03)) {
      const detail = {
        from_ts: new Date((ts - below(everyUs)) / 1_000).toISOString(),
        to_ts: new Date(ts / 1_000).toISOString(),
      };
      const known = { known_at: ts + below(US_PER_HOUR), kind: 'gap', source: `ticks/0/${ts}` };
      gaps.push({ ...of, ts, ...known, detail: JSON.stringify(detail) });
    }
  }
  const shownTs = endTs + quietUs + LATENESS_US + below(US_PER_MIN);
  beats.push({ ...of, ts: shownTs, known_at: shownTs + below(1_000), imported_at: null });
  const minutes = Array.from({ length: DECISIONS }, (_, n) => AT + n * US_PER_MIN);
  let decidedTs = 0;
  const made = minutes.map((ts) => {
    // A market that was quiet decides late, and what follows not before that.
    decidedTs = Math.max(decidedTs, ts + below(isIn(0.05) ? 40 * US_PER_MIN : US_PER_S));
    const own = { ts, known_at: ts, decided_ts: decidedTs, prediction_id: `${i}:${ts}` };
    return { ...PREDICTION, ...of, ...own };
  });
  const bars = minutes.map((ts, n): CandleRow => {
    const isTraded = tradedFrom !== null && n > tradedFrom;
    const [startTs, price_source] = [ts - US_PER_MIN, isTraded ? 'trade' : 'mid'] as const;
    return { ...CANDLE, ...of, ts: startTs, decided_ts: ts, known_at: ts, price_source };
  });
  // Not all of the last ones may have matured.
  const reachedTs = isIn(0.2) ? shownTs - below(5 * US_PER_MIN) : shownTs;
  const market: Drawn = { ...of, tradedFrom, reachedTs };
  return { market, trades, quotes, beats, gaps, made, bars };
}

const PREDICTION = {
  ...{ label_spec: LABEL_SPEC, slot: 'champion', feature_id: 'f', model_id: 'm' },
  ...{ horizon_s: 3600, probability_up: 0.5, expected_return: 0, verdict: 'ok', close: 100 },
};
const CANDLE = {
  ...{ timeframe: '1m', revision: 0, open: 1, high: 1, low: 1, close: 1, volume: 0, trades: 1 },
  ...{ vwap: null, flags: '' },
};

describe('label sets', () => {
  let context: Context;
  let markets: readonly Drawn[];

  beforeAll(async () => {
    context = openContext(loadConfig(), 'test');
    const random = seededRandom(7);
    const drawn = Array.from({ length: MARKETS }, (_, i) => draw(random, i));
    markets = drawn.map(({ market }) => market);
    const all = <K extends keyof (typeof drawn)[number]>(name: K) =>
      drawn.flatMap((one) => one[name] as never[]);
    const writer = context.questdbWriter();
    const refused = [
      ...(await writer.write(historyTicks, all('trades'))),
      ...(await writer.write(historyQuotes, all('quotes'))),
      ...(await writer.write(heartbeats, all('beats'))),
      ...(await writer.write(qualityEvents, all('gaps'))),
      ...(await writer.write(candles, all('bars'))),
      ...(await writer.write(predictions, all('made'))),
    ];
    expect(refused).toEqual([]);
    await noteStored(
      context.postgres,
      markets.map((market) => ({ instrument: instrumentKey(market), reachedTs: market.reachedTs })),
    );
    await context
      .questdbReader()
      .waitApplied(['ticks', 'quotes', 'heartbeats', 'quality_events', 'candles', 'predictions']);
  });
  afterAll(() => context.close());

  /** What the job of each instrument gives, without writing it. */
  async function oneByOne(): Promise<LabelRow[]> {
    const rows: LabelRow[] = [];
    for (const market of markets) {
      let fromUs = 0;
      for (;;) {
        const wanted = { labelSpec: LABEL_SPEC, of: LABEL_SPEC, fromUs };
        const of = { ...wanted, reachedTs: market.reachedTs, latenessUs: LATENESS_US };
        const slice = await nextSlice(context.questdbReader(), market, of);
        const fresh = slice.filter(({ ts }) => ts >= fromUs);
        if (fresh.length === 0) break;
        rows.push(...fresh);
        fromUs = must(fresh.at(-1)).ts + 1;
      }
    }
    return rows;
  }
  const request = (): LabelSetRequest => ({
    ...{ labelSpec: LABEL_SPEC, of: LABEL_SPEC, latenessUs: LATENESS_US },
    reached: new Map(markets.map((market) => [instrumentKey(market), market.reachedTs])),
  });
  const sorted = (rows: readonly LabelRow[]): LabelRow[] =>
    rows.toSorted((a, b) => a.ts - b.ts || (a.symbol < b.symbol ? -1 : 1));

  const getCell = (row: LabelRow, name: string) =>
    (row as unknown as Record<string, Cell | undefined>)[name] ?? null;

  test('are those that each instrument alone gets, whatever befell it', async () => {
    const expected = await oneByOne();
    const reader = context.questdbReader();
    const range = { fromUs: AT, toUs: AT + DECISIONS * US_PER_MIN };
    const sets = nearOnes(await readMatured(reader, request(), range));
    expect(sets.length).toBeGreaterThan(2);
    const found: LabelRow[] = [];
    for (const set of sets) found.push(...(await setRows(reader, request(), set)));
    expect(sorted(found)).toEqual(sorted(expected));
    // The draw says something: all ends occur, and both sources.
    const reasons = new Set(found.map(({ void_reason }) => void_reason));
    expect(reasons).toEqual(new Set([null, 'gap', 'no_entry', 'no_exit']));
    expect(found.length).toBeGreaterThan(MARKETS * 4);
    expect(found.some(({ imported_at }) => (imported_at ?? null) !== null)).toBe(true);
  });

  test('of what is too much at once are fewer, never others', async () => {
    const expected = new Map(
      (await oneByOne()).map((row) => [`${row.ts}|${instrumentKey(row)}`, row]),
    );
    const reader = context.questdbReader();
    const range = { fromUs: AT, toUs: AT + DECISIONS * US_PER_MIN };
    const matured = await readMatured(reader, request(), range);
    const made = async (limits: SetLimits): Promise<number> => {
      let count = 0;
      for (const set of nearOnes(matured)) {
        const rows = await setRows(reader, { ...request(), limits }, set);
        for (const row of rows)
          expect(row).toEqual(expected.get(`${row.ts}|${instrumentKey(row)}`));
        count += rows.length;
      }
      return count;
    };
    const soon = [20 * US_PER_MIN, 5 * US_PER_MIN, US_PER_MIN, 1];
    const counts: number[] = [];
    for (const us of soon) counts.push(await made({ rowsMax: 1e6, shownUs: [us] }));
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(new Set(counts).size).toBeGreaterThan(2);
    expect(await made({ rowsMax: 0, shownUs: soon })).toBe(0);
  });

  test('are written by the job, once, and nothing that has matured is left', async () => {
    const expected = await oneByOne();
    const job = { subject: MANY_MARKETS, dueTs: AT, labelSpec: LABEL_SPEC, fromTs: AT };
    await runLabelJob(context, job);
    const stored = await context
      .questdbReader()
      .query<LabelRow>(`SELECT * FROM labels WHERE venue = $1`, [VENUE]);
    const cells = (rows: readonly LabelRow[]) =>
      sorted(rows).map((row) => Object.keys(labels.columns).map((name) => getCell(row, name)));
    expect(cells(stored)).toEqual(cells(expected));
    expect(await oneByOne()).toEqual([]);
  });
});
