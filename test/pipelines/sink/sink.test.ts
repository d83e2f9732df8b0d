import { describe, expect, test } from 'vitest';
import {
  emptySinkRows,
  gapRow,
  qualityRow,
  addFeatureRows,
  addTickRows,
  formatSource,
  lateVerdict,
  type LateTick,
  type StoredRow,
} from '../../../pipelines/sink/sink.ts';
import { writeSinkBatch } from '../../../pipelines/sink/effects.ts';
import { judgeLate } from '../../../pipelines/sink/late-events.ts';
import { toMarketTick, type MarketTick } from '../../../src/domain/tick.ts';
import type { Feature } from '../../../src/domain/wire.ts';
import { featuresTable } from '../../../src/questdb/tables/features.ts';
import type { RowWriter, SqlReader } from '../../../src/questdb/table.ts';

const AT = { venue: 'oanda', symbol: 'EUR/USD' };
const TS = Date.UTC(2014, 4, 1, 10, 7, 30) * 1000 + 1;

const quote = (bid: number, sizes: { bid_size?: number } = {}): MarketTick =>
  toMarketTick({ kind: 'quote', ...AT, ts: TS, id: '3', bid, ask: 2, ...sizes });
const trade = (side?: 'buy' | 'sell'): MarketTick =>
  toMarketTick({
    kind: 'trade',
    ...AT,
    ts: TS,
    id: '3',
    price: '1.50',
    size: 1,
    ...(side === undefined ? {} : { side }),
  });
const late = (tick: MarketTick, source = 'ticks/0/9'): LateTick => ({
  ...AT,
  tick,
  knownAt: TS + 77,
  source,
  isHistory: false,
});

function toStoredRow(tick: MarketTick): StoredRow {
  const rows = emptySinkRows();
  addTickRows(rows, tick, 1, AT);
  return [...rows.ticks, ...rows.quotes][0] as StoredRow;
}

describe('rows', () => {
  test('say where in the log they come from', () => {
    expect(formatSource('ticks', 3, '17', null)).toBe('ticks/3/17');
    expect(formatSource('ticks', 3, '17', 0)).toBe('ticks/3/17#0');
  });

  test('keep a size that the venue does not give as null', () => {
    expect(toStoredRow(quote(1))).toMatchObject({ bid: 1, bid_size: null, ask_size: null });
    expect(toStoredRow(trade())).toMatchObject({ price: 1.5, side: null });
  });

  test('keep a side that a quote does not have as null, and know it again', () => {
    const half = toMarketTick({ kind: 'quote', ...AT, ts: TS, id: '3', bid: null, ask: '2' });
    const row = toStoredRow(half);
    expect(row).toMatchObject({ bid: null, ask: 2 });
    expect(lateVerdict(late(half), row, undefined).verdict).toBe('duplicate');
    expect(lateVerdict(late(quote(1)), row, undefined).verdict).toBe('correction');
    expect(lateVerdict(late(half), toStoredRow(quote(1)), undefined).verdict).toBe('correction');
  });

  test('of a feature record share its moment, and no value takes the place of a column', () => {
    const rows = emptySinkRows();
    const candle = { timeframe: '1m', start_ts: 60, price_source: 'mid' as const };
    const prices = { open: 1, high: 1, low: 1, close: 1, volume: 0, trades: 1, vwap: null };
    const record: Feature = {
      kind: 'feature',
      feature_id: 'f',
      feature_set: 's',
      ...AT,
      ts: 120,
      decided_ts: 130,
      known_at: 140,
      candles: [{ ...candle, ...prices, flags: ['gap', 'late'] }],
      values: { rsi: null, venue: 5, revision: 9 },
      flags: [],
    };
    addFeatureRows(rows, record);
    const moment = { decided_ts: 130, known_at: 140, revision: 0, ...AT };
    expect(rows.candles).toEqual([expect.objectContaining({ ...moment, ts: 60 })]);
    expect(rows.candles[0]?.flags).toBe('gap,late');
    expect(rows.features).toEqual([
      { ...moment, ts: 120, feature_set: 's', feature_id: 'f', flags: '', rsi: null },
    ]);
  });

  test('about a gap stand at its end', () => {
    const gap = { fromId: '1', toId: '9', fromTs: TS - 5, toTs: TS };
    const row = gapRow('gap', gap, { decidedTs: TS + 1, knownAt: TS + 2 }, AT, 's');
    expect(row).toMatchObject({ ts: TS, known_at: TS + 2, kind: 'gap', ...AT });
    expect(JSON.parse(row.detail)).toEqual({
      from_id: '1',
      to_id: '9',
      from_ts: '2014-05-01T10:07:29.999996Z',
      to_ts: '2014-05-01T10:07:30.000001Z',
    });
  });

  test('about something that names no instrument have none', () => {
    const row = qualityRow('malformed', { ts: 1, knownAt: 2, source: 's' }, null, { b: 1, a: 2 });
    expect(row).toMatchObject({ venue: null, symbol: null, detail: '{"a":2,"b":1}' });
  });
});

describe('a late tick', () => {
  test('that is stored with the same content is a duplicate', () => {
    expect(lateVerdict(late(quote(1)), toStoredRow(quote(1)), undefined).verdict).toBe('duplicate');
    expect(lateVerdict(late(trade()), toStoredRow(trade()), undefined).verdict).toBe('duplicate');
  });

  test.each([
    [quote(1), quote(1.1)],
    [quote(1), quote(1, { bid_size: 0 })],
    [quote(1, { bid_size: 1 }), quote(1)],
    [trade('buy'), trade()],
    [trade(), trade('sell')],
  ])('that is stored with other content is a correction (%#)', (tick, other) => {
    const judged = lateVerdict(late(tick), toStoredRow(other), undefined);
    expect(judged.verdict).toBe('correction');
    const event = judged.verdict === 'correction' ? judged.event : null;
    expect(event).toMatchObject({ kind: 'correction', ts: TS, known_at: TS + 77, ...AT });
    const { kept, seen } = JSON.parse(event?.detail ?? '{}') as Record<string, unknown>;
    expect(kept).not.toEqual(seen);
  });

  test('that is not stored is late, with the windows that it would have changed', () => {
    const judged = lateVerdict(late(quote(1)), undefined, undefined);
    const event = judged.verdict === 'late' ? judged.event : null;
    expect(event).toMatchObject({ kind: 'late', source: 'ticks/0/9', ts: TS });
    expect(JSON.parse(event?.detail ?? '{}')).toMatchObject({
      tick: 'quote',
      id: '3',
      windows: {
        '1m': '2014-05-01T10:07:00.000000Z',
        '5m': '2014-05-01T10:05:00.000000Z',
        '15m': '2014-05-01T10:00:00.000000Z',
        '1h': '2014-05-01T10:00:00.000000Z',
      },
    });
  });

  test('keeps the verdict that its own source got before', () => {
    const first = lateVerdict(late(quote(1)), undefined, undefined);
    const event = first.verdict === 'late' ? first.event : undefined;
    expect(lateVerdict(late(quote(1)), toStoredRow(quote(1)), event)).toEqual(first);
    const corrected = lateVerdict(late(quote(1)), toStoredRow(quote(9)), undefined);
    const corrections = corrected.verdict === 'correction' ? corrected.event : undefined;
    expect(lateVerdict(late(quote(1)), toStoredRow(quote(1)), corrections)).toEqual(corrected);
  });
});

describe('the effects of a batch', () => {
  test('begin with what is said about ticks, and gather the rows that were refused', async () => {
    const order: string[] = [];
    const writer: RowWriter = {
      write: (table, rows) => {
        order.push(table.name);
        const refused = table.name === 'quotes' ? [...rows] : [];
        return Promise.resolve(refused.map((row) => ({ row, message: 'no' })));
      },
    };
    const rows = emptySinkRows();
    addTickRows(rows, trade(), 1, AT);
    addTickRows(rows, quote(1), 1, AT);
    rows.quality_events.push(qualityRow('late', { ts: 1, knownAt: 1, source: 's' }, AT, {}));
    const rejected = await writeSinkBatch(writer, featuresTable([]), rows);
    expect(order).toEqual(['quality_events', 'ticks', 'quotes']);
    expect(rejected).toEqual([{ table: 'quotes', row: rows.quotes[0], message: 'no' }]);
  });

  test('of a batch without late ticks ask nothing', async () => {
    const reader: SqlReader = {
      query: () => Promise.reject(new Error('asked')),
      waitApplied: () => Promise.reject(new Error('waited')),
    };
    const counts = await judgeLate(reader, [], emptySinkRows());
    expect(counts).toEqual({ duplicate: 0, correction: 0, late: 0, history: 0 });
  });
});
