/**
 * The data-quality job on real servers: a market with late ticks, one with an hour of history fed
 * afterwards, and the same one undisturbed. Once revised, all three say the same.
 */
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FeedTick } from '../../pipelines/feed/feed.ts';
import { nowUs, sleep } from '../../src/clock.ts';
import {
  floorTo,
  formatUs,
  parseUs,
  US_PER_DAY,
  US_PER_HOUR,
  US_PER_MIN,
} from '../../src/domain/time.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { replayRange } from '../../pipelines/quality/replay-check.ts';
import { runFeed } from '../../pipelines/feed/feeding.ts';
import { addDueRuns, finishRun, lastDetail } from '../../src/postgres/tables/job-runs.ts';
import { appendControl, isSent, lastBarrier } from '../../src/postgres/tables/outbox.ts';
import { candles, type CandleRow } from '../../src/questdb/tables/candles.ts';
import { featuresTable, type FeatureRow } from '../../src/questdb/tables/features.ts';
import { barrierLabels, type BarrierLabelRow } from '../../src/questdb/tables/labels.ts';
import type { QuestTable } from '../../src/questdb/table.ts';
import { ticks } from '../../src/questdb/tables/ticks.ts';
import { Installation } from '../support/installation.ts';

const FROM = parseUs('2026-04-06');
const HOURS = 8;
/** The last time at which the job is due while the market is being fed. */
const DUE = FROM + 6 * US_PER_HOUR;
const HISTORY = { from: FROM + 2 * US_PER_HOUR, to: FROM + 3 * US_PER_HOUR };

const DAY_BEFORE: CandleRow = {
  ts: FROM - US_PER_DAY,
  decided_ts: FROM - US_PER_DAY,
  known_at: FROM - US_PER_DAY,
  venue: 'q-cold',
  symbol: 'A/USD',
  timeframe: '1m',
  price_source: 'trade',
  revision: 0,
  open: 1,
  high: 1,
  low: 1,
  close: 1,
  volume: 1,
  trades: 1,
  vwap: 1,
  flags: '',
};

type Row = Readonly<Record<string, string | number | null>>;

const market = (venue: string): FeedTick[] => [
  ...mergedTrades({
    seed: 5,
    venue,
    symbols: ['A/USD'],
    fromUs: FROM,
    toUs: FROM + HOURS * US_PER_HOUR,
    rate: 0.2,
    edge: 'none',
  }),
];

/** One tick in 40 comes five minutes late. */
const lateMarket = (venue: string): FeedTick[] =>
  market(venue).map(({ tick, receivedUs }, i) => ({
    tick,
    receivedUs: i % 40 === 30 ? receivedUs + 5 * US_PER_MIN : receivedUs,
  }));

const isHistory = ({ tick }: FeedTick): boolean => tick.ts >= HISTORY.from && tick.ts < HISTORY.to;

/** As if a market of today had been looked at: its as-of barrier makes what follows known later. */
async function cutAhead(postgres: Pool): Promise<void> {
  const value = Math.max(nowUs(), await lastBarrier(postgres, nowUs()));
  const cut = { controlId: 'cut:ahead', type: 'cut', subject: 'cut', body: { value } } as const;
  await appendControl(postgres, { ...cut, cause: 'another market' });
  while (!(await isSent(postgres, cut.controlId))) await sleep(50);
  const run = { job: 'quality', subject: 'all', due_ts: value };
  await addDueRuns(postgres, run.job, [run.subject], value);
  await finishRun(postgres, run, 'done', { as_of: formatUs(value) });
}

describe('the data-quality job', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = new Installation({ TICKLOOM_RETRAIN_EVERY: '2h' });
    for (const name of ['stream', 'sink', 'money', 'jobs'] as const) await installation.start(name);
    // As if retention had dropped the ticks of the day before.
    await installation.context.questdbWriter().write(candles, [DAY_BEFORE]);
    await cutAhead(installation.context.postgres);
    const source = [
      ...lateMarket('q-cold'),
      ...market('q-peace'),
      ...lateMarket('q-late'),
      ...market('q-history').filter((entry) => !isHistory(entry)),
      ...market('q-import').filter(({ tick }) => tick.ts >= HISTORY.to),
    ].toSorted((a, b) => a.receivedUs - b.receivedUs);
    await installation.feed(source, { syncPoints: true });
  }, 300_000);
  afterAll(() => installation.close());

  const rows = (table: string, venue: string, where = ''): Promise<Row[]> =>
    installation.reader.query<Row>(`SELECT * FROM ${table} WHERE venue = $1 ${where}`, [venue]);

  /** The content of the newest revisions up to the job's time, by what they are about. */
  async function content(table: string, venue: string, until: number, columns: readonly string[]) {
    const all = await rows(`${table}_latest`, venue, `AND ts < '${formatUs(until)}'`);
    return new Map(
      all.map((row) => [
        `${row['ts']}|${row['timeframe'] ?? ''}`,
        JSON.stringify(columns.map((name) => row[name])),
      ]),
    );
  }

  const CANDLE = ['open', 'high', 'low', 'close', 'volume', 'trades', 'vwap', 'price_source'];

  async function expectSame(venue: string, until: number): Promise<void> {
    for (const [table, columns] of [
      ['candles', CANDLE],
      ['features', FEATURE_NAMES],
    ] as const) {
      const peace = await content(table, 'q-peace', until, columns);
      expect(peace.size, table).toBeGreaterThan(250);
      expect(await content(table, venue, until, columns), `${table} of ${venue}`).toEqual(peace);
    }
  }

  test('late ticks: candles and features become what they would have been, served ones stay', async () => {
    const revised = await rows('candles', 'q-late', 'AND revision > 0');
    expect(revised.length).toBeGreaterThan(10);
    expect(revised.every(({ flags }) => String(flags).includes('late'))).toBe(true);
    await expectSame('q-late', DUE - US_PER_HOUR);
    const served = await rows('candles', 'q-late', 'AND revision = 0');
    const peace = await rows('candles', 'q-peace');
    expect(served.map((row) => row['volume'])).not.toEqual(peace.map((row) => row['volume']));
    expect(await rows('candles', 'q-peace', 'AND revision > 0')).toEqual([]);
  });

  test('features are left alone where the ticks before are no longer there', async () => {
    expect((await rows('candles', 'q-cold', 'AND revision > 0')).length).toBeGreaterThan(10);
    expect(await rows('features', 'q-cold', 'AND revision > 0')).toEqual([]);
  });

  test('labels whose prices came late get a revision that is known since the as-of barrier', async () => {
    const before = await rows('labels', 'q-late', 'AND revision = 0');
    const revised = await rows('labels', 'q-late', 'AND revision > 0');
    expect(revised.length).toBeGreaterThan(0);
    const peace = new Map(
      (await rows('labels', 'q-peace')).map((row) => [`${row['ts']}|${row['decided_ts']}`, row]),
    );
    for (const row of revised) {
      const served = before.find(({ ts }) => ts === row['ts']);
      expect(Number(row['label_known_at'])).toBeGreaterThan(Number(served?.['label_known_at']));
      const expected = peace.get(`${row['ts']}|${row['decided_ts']}`);
      if (expected === undefined) continue;
      for (const name of ['entry_price', 'exit_price', 'up', 'state']) {
        expect(row[name], `${name} of ${row['ts']}`).toBe(expected[name]);
      }
    }
  });

  test('a look goes on from the one before it, not from that of a market years ahead', async () => {
    const look = { job: 'quality', subject: 'q-late:A/USD', due_ts: DUE };
    const last = await lastDetail(installation.context.postgres, look, 'as_of');
    expect(last?.due_ts).toBe(DUE - 2 * US_PER_HOUR);
  });

  test('looked at again it writes nothing', async () => {
    const counts = async (): Promise<number[]> =>
      Promise.all(
        ['candles', 'features', 'labels'].map(async (t) => (await rows(t, 'q-late')).length),
      );
    const before = await counts();
    const { postgres } = installation.context;
    await postgres.query(
      `UPDATE job_runs SET state = 'due', attempts = 0 WHERE job = 'quality' AND due_ts = $1`,
      [formatUs(DUE)],
    );
    await done(DUE);
    expect(await counts()).toEqual(before);
  });

  async function feedHistory(): Promise<void> {
    const source = market('q-history').filter(isHistory);
    expect(source.length).toBeGreaterThan(300);
    await runFeed(installation.context, { source, backfill: true, notify: () => undefined });
    await installation.drain();
  }

  test('history fed afterwards: the same tables as if it had come in time', async () => {
    await feedHistory();
    await expectSame('q-history', DUE - US_PER_HOUR);
    const served = await rows('features', 'q-history', 'AND revision = 0');
    expect(served.some(({ ts }) => Number(ts) > HISTORY.from && Number(ts) < HISTORY.to)).toBe(
      false,
    );
  });

  test('imported history is known in its own time, and since the job of no set before', async () => {
    const source = market('q-import').filter(({ tick }) => tick.ts < HISTORY.to);
    const feed = { source, backfill: true, imported: true, notify: () => undefined };
    await runFeed(installation.context, feed);
    await installation.drain();
    await expectSame('q-import', DUE - US_PER_HOUR);
    const [tick] = await rows('ticks', 'q-import', `AND ts < '${formatUs(HISTORY.to)}' LIMIT 1`);
    expect(tick).toMatchObject({ origin: 'import', came_by: 'backfill' });
    const before = `AND ts < '${formatUs(HISTORY.to)}' ORDER BY ts`;
    const made = await rows('features', 'q-import', before);
    const peace = await rows('features', 'q-peace', before);
    const decided = (some: readonly Row[]) => some.map(({ ts, decided_ts }) => [ts, decided_ts]);
    expect(decided(made)).toEqual(decided(peace));
    expect(made.length).toBeGreaterThan(150);
    for (const { decided_ts, known_at, imported_at, revision } of made) {
      expect([revision, known_at]).toEqual([1, decided_ts]);
      expect(Number(imported_at)).toBeGreaterThan(Number(tick?.['imported_at']) - 1);
    }
  });

  test('history that is stored already stays what it was, known when it was', async () => {
    const stored = () => rows('ticks', 'q-peace', 'ORDER BY ts, id');
    const before = await stored();
    const [first, ...rest] = market('q-peace').slice(0, 400);
    if (first?.tick.kind !== 'trade') throw new Error('a trade');
    const dearer = { ...first, tick: { ...first.tick, price: Number(first.tick.price) * 2 } };
    const source = [dearer, ...rest];
    for (let times = 0; times < 2; times++) {
      await runFeed(installation.context, { source, backfill: true, notify: () => undefined });
      await installation.drain();
    }
    expect(before.length).toBeGreaterThan(400);
    expect(await stored()).toEqual(before);
    const events = await rows('quality_events', 'q-peace', "AND kind = 'correction'");
    expect(events.length, 'once for each feeding').toBe(2);
  });

  describe('a replay', () => {
    const checked = (venue: string) =>
      replayRange(
        installation.context,
        { venue, symbol: 'A/USD' },
        { fromUs: 0, toUs: FROM + HOURS * US_PER_HOUR, check: true },
      );

    test.each(['q-peace', 'q-late', 'q-history', 'q-cold'])(
      'gives what was served of %s, clocks and labels too',
      async (venue) => {
        // Of no effect where it is there already; but it has to be there.
        if (venue === 'q-history') await feedHistory();
        const report = await checked(venue);
        const equal = { missing: 0, extra: 0, mismatches: {}, first: null };
        expect(report).toMatchObject({ features: equal, labels: equal, tooEarly: [] });
        expect(report.notComparable).toBeNull();
        expect(report.features.checked).toBeGreaterThan(300);
        expect(report.labels.checked).toBeGreaterThan(250);
      },
    );

    const write = async <R extends object>(table: QuestTable<R>, row: R): Promise<void> => {
      expect(await installation.context.questdbWriter().write(table, [row])).toEqual([]);
      await installation.reader.waitApplied([table.name]);
    };

    test('finds a feature that peeks', async () => {
      const served = (await rows('features', 'q-peace', 'AND revision = 0 ORDER BY ts')).slice(200);
      const name = FEATURE_NAMES.find((one) => served[0]?.[one] !== served[1]?.[one]) ?? '';
      const peeking = { ...served[0], [name]: served[1]?.[name] };
      await write(featuresTable(FEATURE_NAMES), peeking as unknown as FeatureRow);
      const { features } = await checked('q-peace');
      expect(features.mismatches).toEqual({ [name]: 1 });
      expect(features.first).toMatchObject({ ts: served[0]?.['ts'], name });
    });

    test('finds a row whose clock says that it was known before its candle was over', async () => {
      const [row] = (await rows('features', 'q-late', 'AND revision = 0 ORDER BY ts')).slice(200);
      const early = { ...row, known_at: Number(row?.['known_at']) - 1 };
      await write(featuresTable(FEATURE_NAMES), early as unknown as FeatureRow);
      const { tooEarly, features } = await checked('q-late');
      expect(tooEarly).toEqual([
        { ts: row?.['ts'], knownAt: early.known_at, possibleAt: row?.['known_at'] },
      ]);
      expect(features.mismatches, 'the values are right').toEqual({});
    });

    test('finds a label that was joined early', async () => {
      const matured = "AND revision = 0 AND state = 'matured' ORDER BY ts";
      const [row] = (await rows('labels', 'q-history', matured)).slice(50);
      const early = { ...row, label_known_at: Number(row?.['label_known_at']) - US_PER_MIN };
      await write(barrierLabels, early as unknown as BarrierLabelRow);
      const { labels: compared } = await checked('q-history');
      expect(compared.mismatches).toEqual({ label_known_at: 1 });
      expect(compared.first).toMatchObject({ ts: row?.['ts'], served: early.label_known_at });
    });

    test('finds a late tick that is stored as if it had come in time', async () => {
      const ts = FROM + 3 * US_PER_HOUR + 12_345;
      const tick = { ts, known_at: ts, venue: 'q-cold', symbol: 'A/USD', id: 'smuggled' };
      await write(ticks, { ...tick, price: 1e6, size: 1, side: null });
      const { features } = await checked('q-cold');
      expect(Object.keys(features.mismatches).length).toBeGreaterThan(5);
      expect(features.first?.ts).toBe(floorTo(ts, US_PER_MIN) + US_PER_MIN);
    });
  });

  async function done(dueTs: number): Promise<void> {
    const { postgres } = installation.context;
    for (;;) {
      const { rows: found } = await postgres.query<{ state: string; detail: object }>(
        `SELECT state, detail FROM job_runs WHERE job = 'quality' AND due_ts = $1`,
        [formatUs(dueTs)],
      );
      const failed = found.find(({ state }) => state === 'failed');
      if (failed !== undefined) throw new Error(JSON.stringify(failed.detail));
      if (found.length > 0 && found.every(({ state }) => state === 'done')) return;
      await sleep(200);
    }
  }
});
