/** The QuestDB adapter, schema, readers and the sink's effects against a real server. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  correctionRow,
  emptySinkRows,
  addFeatureRows,
  addTickRows,
  type LateTick,
} from '../../pipelines/sink/sink.ts';
import { writeSinkBatch } from '../../pipelines/sink/effects.ts';
import { judgeLate } from '../../pipelines/sink/late-events.ts';
import {
  QuestDbMismatchError,
  QuestDbUnavailableError,
  QuestDbWriter,
} from '../../src/questdb/writer.ts';
import { QuestDbReader } from '../../src/questdb/reader.ts';
import { knownMarketTicks } from '../../pipelines/quality/stored-market-ticks.ts';
import { toMarketTick, type MarketTick } from '../../src/domain/tick.ts';
import { US_PER_HOUR, US_PER_MIN } from '../../src/domain/time.ts';
import type { Feature, QuoteTick } from '../../src/domain/wire.ts';
import { toPrices } from '../../pipelines/grades/grading-input.ts';
import { candles } from '../../src/questdb/tables/candles.ts';
import { featuresTable } from '../../src/questdb/tables/features.ts';
import { barrierLabels, labels, type LabelRow } from '../../src/questdb/tables/labels.ts';
import { predictions, type PredictionRow } from '../../src/questdb/tables/predictions.ts';
import { qualityEvents, type QualityRow } from '../../src/questdb/tables/quality-events.ts';
import { quoteRow, quotes, type QuoteRow } from '../../src/questdb/tables/quotes.ts';
import {
  maturedWithoutLabel,
  readCandles,
  readFeaturesAsOf,
  readLabelsAsOf,
  readPredictions,
} from '../../src/questdb/tables/readers.ts';
import { migrateQuestDb, QuestDbSchemaError } from '../../src/questdb/tables/schema.ts';
import {
  gapsTouching,
  readPrices,
  storedInstruments,
} from '../../src/questdb/tables/stored-ticks.ts';
import type { QuestTable } from '../../src/questdb/table.ts';
import { ticks, type TickRow } from '../../src/questdb/tables/ticks.ts';
import { makeQuestDb, type TestQuestDb } from '../support/questdb.ts';

const T0 = Date.UTC(2014, 4, 1) * 1000;
const EURUSD = { venue: 'oanda', symbol: 'EUR/USD' };
const NAMES = ['rsi_14_1m', 'atr_14_5m'];
const TABLES = ['ticks', 'quotes', 'heartbeats', 'candles', 'features', 'predictions', 'labels'];
const featureTable = featuresTable(NAMES);

let server: TestQuestDb;
let writer: QuestDbWriter;
let reader: QuestDbReader;

beforeAll(async () => {
  server = await makeQuestDb();
  await server.start();
  writer = new QuestDbWriter({ url: server.url, patienceMs: 20_000 });
  reader = new QuestDbReader({ url: server.pgUrl });
  await migrateQuestDb(reader, { features: NAMES });
}, 90_000);

afterAll(async () => {
  writer?.close();
  await reader?.close();
  await server?.remove();
});

beforeEach(async () => {
  for (const table of [...TABLES, 'quality_events']) await reader.query(`TRUNCATE TABLE ${table}`);
  await reader.waitApplied([...TABLES, 'quality_events']);
});

const quoteTick = (i: number, bid = 1.38 + i / 1e5): MarketTick =>
  toMarketTick({ kind: 'quote', ...EURUSD, ts: T0 + i, id: String(i), bid, ask: bid + 2e-5 });

function quoteRows(count: number): QuoteRow[] {
  const rows = emptySinkRows();
  for (let i = 0; i < count; i++) addTickRows(rows, quoteTick(i), T0 + i + 5, EURUSD);
  return rows.quotes;
}

/** Writes rows that must all be taken, and waits until they can be read. */
async function store<Row extends object>(table: QuestTable<Row>, rows: Row[]): Promise<void> {
  expect(await writer.write(table, rows)).toEqual([]);
  await reader.waitApplied([table.name]);
}

const all = async <Row extends object>(table: QuestTable<Row>): Promise<Row[]> => {
  await reader.waitApplied([table.name]);
  return reader.query<Row>(
    `SELECT ${Object.keys(table.columns).join()} FROM ${table.name} ORDER BY ts`,
  );
};

describe('the schema', () => {
  test('migrates twice and grows by new features', async () => {
    await migrateQuestDb(reader, { features: NAMES });
    await migrateQuestDb(reader, { features: [...NAMES, 'added_later'] });
    const columns = await reader.query<{ column: string; type: string }>(
      'SHOW COLUMNS FROM features',
    );
    expect(columns).toContainEqual(
      expect.objectContaining({ column: 'added_later', type: 'DOUBLE' }),
    );
    const latest = await reader.query<{ column: string }>('SHOW COLUMNS FROM features_latest');
    expect(latest.map(({ column }) => column)).toContain('added_later');
  });

  test('gives tables of an older version the columns that they lack', async () => {
    for (const table of ['ticks', 'quotes']) {
      await reader.query(`ALTER TABLE ${table} DROP COLUMN origin`);
    }
    await reader.waitApplied(['ticks', 'quotes']);
    await migrateQuestDb(reader, { features: NAMES });
    for (const table of ['ticks', 'quotes']) {
      const columns = await reader.query<{ column: string }>(`SHOW COLUMNS FROM ${table}`);
      expect(columns, table).toContainEqual(
        expect.objectContaining({ column: 'origin', type: 'SYMBOL' }),
      );
    }
  });

  test('names every difference of a table that somebody else made', async () => {
    await reader.query('ALTER TABLE heartbeats DEDUP DISABLE');
    await reader.query('ALTER TABLE system_metrics DROP COLUMN value');
    await reader.waitApplied(['heartbeats', 'system_metrics']);
    const failed = await migrateQuestDb(reader, { features: NAMES }).catch((e: unknown) => e);
    expect(failed).toBeInstanceOf(QuestDbSchemaError);
    expect(String(failed)).toContain('heartbeats has no dedup key, expected (ts, venue, symbol)');
    expect(String(failed)).toContain('system_metrics.value is missing');
    await reader.query('ALTER TABLE heartbeats DEDUP ENABLE UPSERT KEYS(ts, venue, symbol)');
    await reader.query('ALTER TABLE system_metrics ADD COLUMN value DOUBLE');
    await reader.waitApplied(['heartbeats', 'system_metrics']);
    await migrateQuestDb(reader, { features: NAMES });
  });
});

describe('the writer', () => {
  test('keeps one row per key over replays, out of order, with the last content', async () => {
    const rows = quoteRows(1000);
    await store(quotes, rows);
    await store(quotes, rows.toReversed());
    expect(await all(quotes)).toEqual(rows);
    const changed = { ...(rows[3] as QuoteRow), bid: 9 };
    await store(quotes, [rows[3] as QuoteRow, changed]);
    expect((await all(quotes))[3]).toEqual(changed);
  });

  test('carries every microsecond, bit and character', async () => {
    const hostile = [
      'new\nline,bid=9 1',
      'q"uo\'te\\',
      "'; DROP TABLE ticks; --",
      'tab\tand\u0000nul\r',
      'ünï😀 =,',
      '',
    ];
    const values = [0.1 + 0.2, 5e-324, Number.MAX_VALUE, 61737.63, 1 / 3, 123456789.12345679];
    const rows = hostile.map((text, i) => ({
      ts: T0 + 1_000_000 * i + 292_001 + i,
      known_at: T0 + 999_999 + 1_000_000 * i,
      venue: 'v',
      // The server refuses a NUL in a SYMBOL (and the wire's schema does long before).
      symbol: text === '' ? 'S' : text.replace('\u0000', ''),
      id: text,
      price: values[i] as number,
      size: 2 ** 53 - 1,
      side: i % 2 === 0 ? ('buy' as const) : null,
    }));
    await store(ticks, rows);
    expect(await all(ticks)).toEqual(rows);
    const found = await reader.query<{ id: string }>('SELECT id FROM ticks WHERE id = $1', [
      "'; DROP TABLE ticks; --",
    ]);
    expect(found).toHaveLength(1);
    const nul = { ...(rows[0] as TickRow), symbol: 'a\u0000b' };
    const [refused] = await writer.write(ticks, [nul]);
    expect(refused?.row).toBe(nul);
  });

  test('gives back the rows that the columns cannot hold, and writes the others', async () => {
    const rows = quoteRows(200);
    const bad = [17, 18, 150].map((i) => rows[i] as QuoteRow);
    // Our own check lets a text pass here, as if it knew less than the server.
    const columns = { ...quotes.columns, bid_size: 'varchar' as const };
    const lenient: QuestTable<QuoteRow> = { ...quotes, columns };
    for (const row of bad) Object.assign(row, { bid_size: 'much' });
    const rejected = await writer.write(lenient, rows);
    expect(rejected.map(({ row }) => row)).toEqual(bad);
    expect(rejected[0]?.message).toMatch(/quotes, column: bid_size; cast error/);
    const stored = await all(quotes);
    expect(stored).toEqual(rows.filter((row) => !bad.includes(row)));
    const [checked] = await writer.write(quotes, [bad[0] as QuoteRow]);
    expect(checked?.message).toBe('quotes.bid_size is "much": expected a finite number');
  });

  test('does not blame rows for a table or a column that is missing', async () => {
    const rows = quoteRows(3);
    const none = { ...quotes, name: 'nowhere' };
    await expect(writer.write(none, rows)).rejects.toThrow(QuestDbMismatchError);
    const columns = { ...quotes.columns, more: 'double' as const };
    const wide: QuestTable<QuoteRow & { more: number }> = { ...quotes, columns };
    const wider = rows.map((row) => ({ ...row, more: 1 }));
    await expect(writer.write(wide, wider)).rejects.toThrow(/more does not exist.*migrate up/);
    expect(await all(quotes)).toEqual([]);
  });

  test('loses nothing while the server is away, and keeps the heart beating', async () => {
    const rows = quoteRows(500);
    await server.stop('SIGKILL');
    const impatient = new QuestDbWriter({ url: server.url, patienceMs: 100 });
    await expect(impatient.write(quotes, rows)).rejects.toThrow(QuestDbUnavailableError);
    impatient.close();
    const stop = new AbortController();
    const aborted = writer.write(quotes, rows, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('rebalanced')), 100);
    await expect(aborted).rejects.toThrow('rebalanced');
    const failing = (): void => {
      throw new Error('left the group');
    };
    await expect(writer.write(quotes, rows, { heartbeat: failing })).rejects.toThrow('left');
    let beats = 0;
    const writing = writer.write(quotes, rows, { heartbeat: () => void (beats += 1) });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.start();
    expect(await writing).toEqual([]);
    expect(beats).toBeGreaterThan(1);
    expect(await all(quotes)).toEqual(rows);
  }, 60_000);
});

describe('the sink', () => {
  const record: Feature = {
    kind: 'feature',
    feature_id: 'f1',
    feature_set: 'default@1',
    ...EURUSD,
    ts: T0 + US_PER_MIN,
    decided_ts: T0 + US_PER_MIN + 2_000_001,
    known_at: T0 + US_PER_MIN + 2_000_002,
    candles: [
      {
        timeframe: '1m',
        start_ts: T0,
        price_source: 'mid',
        open: 1.1,
        high: 1.3,
        low: 1,
        close: 1.2,
        volume: 0,
        trades: 7,
        vwap: null,
        flags: [],
      },
    ],
    values: { rsi_14_1m: null, atr_14_5m: 0.25 },
    flags: ['gap', 'warming_up'],
  };

  test('writes a feature record with its nulls, and gives back unknown features', async () => {
    const rows = emptySinkRows();
    addFeatureRows(rows, record);
    addFeatureRows(rows, { ...record, ts: record.ts + 1, values: { other: 1 } });
    const rejected = await writeSinkBatch(writer, featureTable, rows);
    expect(rejected).toEqual([
      { table: 'features', row: rows.features[1], message: 'features has no column "other"' },
    ]);
    const [stored] = await all(featureTable);
    expect(stored).toMatchObject({ rsi_14_1m: null, atr_14_5m: 0.25, flags: 'gap,warming_up' });
    expect(await all(candles)).toEqual([{ ...rows.candles[0], imported_at: null }]);
  });

  const late = (tick: MarketTick, offset: number): LateTick => ({
    ...EURUSD,
    tick,
    knownAt: T0 + US_PER_HOUR + offset,
    source: `ticks/0/${offset}`,
    isHistory: false,
  });

  test('judges late ticks by what is stored, and a replay by what was said', async () => {
    await store(quotes, quoteRows(10));
    const batch = [
      late(quoteTick(3), 100),
      late(quoteTick(4, 9), 101),
      late(quoteTick(50), 102),
      late(quoteTick(50), 103),
      late(quoteTick(50, 9), 104),
    ];
    const rows = emptySinkRows();
    const counts = await judgeLate(reader, batch, rows);
    expect(counts).toEqual({ duplicate: 2, correction: 2, late: 1, history: 0 });
    expect(rows.quotes.map(({ id }) => id)).toEqual(['50']);
    // A crash after the first effect: only what was said is there.
    await store(qualityEvents, rows.quality_events);
    const again = emptySinkRows();
    await judgeLate(reader, batch, again);
    expect(again).toEqual(rows);
    // And a crash behind all of them.
    expect(await writeSinkBatch(writer, featureTable, again)).toEqual([]);
    const third = emptySinkRows();
    expect(await judgeLate(reader, batch, third)).toEqual(counts);
    expect(third).toEqual(rows);
    const events = await all(qualityEvents);
    expect(events.map(({ kind, source }) => `${kind} ${source}`).toSorted()).toEqual([
      'correction ticks/0/101',
      'correction ticks/0/104',
      'late ticks/0/102',
    ]);
    expect(await all(quotes)).toHaveLength(11);
    const fresh = emptySinkRows();
    const elsewhere = await judgeLate(reader, [late(quoteTick(50), 999)], fresh);
    expect(elsewhere).toEqual({ duplicate: 1, correction: 0, late: 0, history: 0 });
  });

  test('judges ticks strewn among many rows, and a file that is fed again', async () => {
    const rows = quoteRows(30_000);
    await store(quotes, rows);
    const strewn = [5, 29_995].map((i) => late(quoteTick(i), i));
    const few = emptySinkRows();
    expect((await judgeLate(reader, strewn, few)).duplicate).toBe(2);
    const fed = rows.map((_, i) => late(quoteTick(i), 40_000 + i));
    const none = emptySinkRows();
    const counts = await judgeLate(reader, fed, none);
    expect(counts).toEqual({ duplicate: 30_000, correction: 0, late: 0, history: 0 });
    expect(none).toEqual(emptySinkRows());
  }, 60_000);
});

describe('the readers', () => {
  const key = { ...EURUSD, label_spec: 'direction_1h@1' };
  const prediction = (ts: number, slot: string): PredictionRow => ({
    ...key,
    ts,
    decided_ts: ts + 1,
    known_at: ts + 2,
    slot,
    prediction_id: `p${ts}${slot}`,
    feature_id: 'f',
    model_id: 'baseline',
    horizon_s: 3600,
    probability_up: 0.5,
    expected_return: 0,
    verdict: 'ok',
    close: 1,
  });
  const label = (ts: number, revision: number): LabelRow => ({
    ...key,
    ts,
    decided_ts: ts + 1,
    label_known_at: ts + 1000 * (revision + 1),
    revision,
    entry_ts: null,
    entry_price: null,
    exit_ts: null,
    exit_price: null,
    forward_return: null,
    up: revision === 0 ? null : 1,
    state: revision === 0 ? 'void' : 'matured',
    void_reason: revision === 0 ? 'gap' : null,
    flags: '',
  });
  const range = { fromUs: T0, toUs: T0 + US_PER_HOUR };

  test('find decisions without label, each once', async () => {
    const two = ['champion', 'shadow'];
    const times = [T0, T0 + 10_000, T0 + 20_000, T0 + 30_000];
    await store(
      predictions,
      times.flatMap((ts) => two.map((slot) => prediction(ts, slot))),
    );
    await store(labels, [label(T0, 0), label(T0 + 10_000, 1)]);
    const spec = 'direction_1h@1';
    const options = { labelSpec: spec, of: spec, fromUs: T0, decidedByUs: T0 + 20_001 };
    const found = await maturedWithoutLabel(reader, EURUSD, { ...options, limit: 10 });
    const decision = { ts: T0 + 20_000, decided_ts: T0 + 20_001, horizon_s: 3600 };
    expect(found).toEqual([decision]);
    const newest = { ...range, labelSpec: 'direction_1h@1', limit: 3 };
    const read = await readPredictions(reader, EURUSD, newest);
    expect(read.map(({ ts }) => ts - T0)).toEqual([20_000, 30_000, 30_000]);
  });

  test('give the revision that was known, and the views the highest', async () => {
    const rows = [label(T0, 0), label(T0, 1), label(T0, 2), label(T0 + 5, 0), label(T0 + 9, 1)];
    await store(labels, rows);
    const labelSpec = 'direction_1h@1';
    const known = async (asOfUs: number): Promise<number[][]> =>
      (await readLabelsAsOf(reader, EURUSD, { ...range, labelSpec, asOfUs })).map((row) => [
        row.ts - T0,
        row.revision,
      ]);
    expect(await known(T0 + 999)).toEqual([]);
    expect(await known(T0 + 2000)).toEqual([
      [0, 1],
      [5, 0],
    ]);
    expect(await known(T0 + US_PER_HOUR)).toEqual([
      [0, 2],
      [5, 0],
      [9, 1],
    ]);
    const latest = await reader.query<LabelRow>('SELECT * FROM labels_latest ORDER BY ts');
    const none = Object.fromEntries(Object.keys(barrierLabels.columns).map((name) => [name, null]));
    expect(latest).toEqual([rows[2], rows[3], rows[4]].map((row) => ({ ...none, ...row })));
  });

  test('give candles and features in their newest revision', async () => {
    const candle = {
      ...EURUSD,
      timeframe: '1m',
      price_source: 'mid' as const,
      open: 1,
      high: 2,
      low: 1,
      close: 1.5,
      volume: 0,
      trades: 3,
      vwap: null,
      flags: '',
    };
    const candleAt = (minute: number, revision: number) => ({
      ...candle,
      ts: T0 + minute * US_PER_MIN,
      decided_ts: T0 + US_PER_HOUR,
      known_at: T0 + US_PER_HOUR,
      revision,
    });
    const rows = [candleAt(0, 0), candleAt(1, 0), candleAt(1, 1), candleAt(2, 0)];
    await store(candles, rows);
    const read = await readCandles(reader, EURUSD, { ...range, timeframe: '1m', limit: 2 });
    expect(read).toEqual([rows[2], rows[3]].map((row) => ({ ...row, imported_at: null })));
    const values = (revision: number) => ({
      ...EURUSD,
      ts: T0,
      decided_ts: T0 + 1,
      known_at: T0 + 1 + revision,
      feature_set: 's',
      revision,
      feature_id: 'f',
      flags: '',
      rsi_14_1m: revision,
      atr_14_5m: null,
    });
    await store(featureTable, [values(0), values(1)]);
    const [before] = await readFeaturesAsOf(reader, EURUSD, { ...range, asOfUs: T0 + 1 });
    const [after] = await readFeaturesAsOf(reader, EURUSD, { ...range, asOfUs: T0 + 2 });
    expect(before).toMatchObject(values(0));
    expect(after).toMatchObject(values(1));
  });

  test('know instruments, prices in order, and gaps', async () => {
    await store(quotes, quoteRows(2));
    const trade = (id: string) => ({
      ...EURUSD,
      ts: T0 + 1,
      known_at: T0 + 1,
      id,
      price: 1.5,
      size: 1,
      side: null,
    });
    await store(ticks, [trade('10'), trade('9')]);
    expect(await storedInstruments(reader)).toEqual([
      { ...EURUSD, from_ts: T0, to_ts: T0 + 1, trades: 2, quotes: 2 },
    ]);
    const prices = await readPrices(reader, EURUSD, range);
    expect(prices.map(({ kind, id }) => kind + id)).toEqual([
      'quote0',
      'quote1',
      'trade9',
      'trade10',
    ]);
    const wire: QuoteTick = { kind: 'quote', ...EURUSD, ts: T0, bid: 1.38, ask: 1.38 + 2e-5 };
    expect(prices[0]?.price).toBe(toMarketTick(wire).price);
    const half = toMarketTick({ kind: 'quote', ...EURUSD, ts: T0 + 2, id: '0', ask: 1.4 });
    await store(quotes, [quoteRow(half, T0 + 2, EURUSD)]);
    const withHalf = await readPrices(reader, EURUSD, range);
    expect([withHalf.length, withHalf.at(-1)?.price]).toEqual([5, NaN]);
    const kept = toPrices(withHalf, 'mid');
    expect(kept.map(({ ts }) => ts)).toEqual([T0, T0 + 1]);
    const [again] = await knownMarketTicks(reader, EURUSD, {
      ...{ fromUs: T0 + 2, toUs: T0 + 3, asOfUs: T0 + 2 },
    });
    expect(again).toEqual(half);
    const gap = (fromTs: string, ts: number): QualityRow => ({
      ...EURUSD,
      ts,
      known_at: ts,
      kind: 'gap',
      source: `ticks/0/${ts}`,
      detail: JSON.stringify({ from_ts: fromTs, to_ts: '2014-05-01T00:10:00.000000Z' }),
    });
    const longGap = gap('2014-04-30T23:00:00.000000Z', T0 + 10 * US_PER_MIN);
    const later = gap('2014-05-01T02:00:00.000000Z', T0 + 3 * US_PER_HOUR);
    await store(qualityEvents, [longGap, later]);
    const touching = await gapsTouching(reader, EURUSD, { fromUs: T0, toUs: T0 + US_PER_MIN });
    expect(touching.map(({ knownAt }) => knownAt)).toEqual([longGap.known_at]);
  });
});

test('a correction row shows both contents', () => {
  const tick = quoteTick(1);
  const row = correctionRow({ ...EURUSD, tick, knownAt: 5, source: 's' }, { bid: 1 });
  expect(JSON.parse(row.detail)).toMatchObject({ kept: { bid: 1 }, seen: { bid: tick.bid } });
});
