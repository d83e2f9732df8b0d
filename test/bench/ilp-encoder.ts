/**
 * What a row costs to encode for QuestDB: our encoder beside the official client's, on rows as the
 * sink makes them, whose bytes have to be equal first. CPU time, because the box is shared; in
 * turns and by the median, because its speed is not the same from one second to the next.
 */
import { addFeatureRows, emptySinkRows } from '../../pipelines/sink/sink.ts';
import { compiledEncoder } from '../../src/questdb/ilp-encoder.ts';
import { clientEncoder, type EncodedTable } from '../../src/questdb/encoder.ts';
import { assert } from '../../src/assert.ts';
import type { Feature } from '../../src/domain/wire.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { featuresTable } from '../../src/questdb/tables/features.ts';
import type { AnyRow } from '../../src/questdb/table.ts';
import { ticks, type TickRow } from '../../src/questdb/tables/ticks.ts';
import { compare, printWhenAlone } from './compare.ts';
import type { NotedResult } from './measure.ts';

/** Calls of ours for one of theirs: a sample of each then takes milliseconds. */
const OUR_CALLS = 30;
const START_TS = Date.UTC(2024, 0, 1) * 1000;

/** CPU nanoseconds a row. */
export async function benchIlpEncoder(): Promise<NotedResult[]> {
  return [
    await compared('ILP tick row', ticks, tickRows(1_000)),
    await compared(
      `ILP row of ${FEATURE_NAMES.length} features`,
      featuresTable(FEATURE_NAMES),
      featureRows(100),
    ),
  ];
}

function compared(
  name: string,
  table: EncodedTable,
  rows: readonly AnyRow[],
): Promise<NotedResult> {
  const [ours, theirs] = [compiledEncoder(), clientEncoder()];
  const equal = ours.encode(table, rows).equals(theirs.encode(table, rows));
  assert(equal, `${name}: the bytes differ from the client's`);
  return compare({
    name,
    items: rows.length,
    ourCalls: OUR_CALLS,
    ours: () => ours.encode(table, rows),
    theirs: () => theirs.encode(table, rows),
    note: 'the official client; equal bytes',
  });
}

/** Through JSON, as they come: it decides how the engine keeps the texts and objects. */
const received = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const tickRows = (count: number): AnyRow[] =>
  Array.from({ length: count }, (_, i) => {
    const row: TickRow = received({
      ts: START_TS + 997 * i,
      known_at: START_TS + 997 * i + 4_321,
      venue: 'binance',
      symbol: i % 3 === 0 ? 'BTC-USDT' : 'ETH-USDT',
      id: String(3_000_000_000 + i),
      price: 61_000 + (i % 89) / 7,
      size: (1 + (i % 13)) / 8,
      side: i % 2 === 0 ? ('buy' as const) : ('sell' as const),
    });
    return { ...row };
  });

function featureRows(count: number): AnyRow[] {
  const rows = emptySinkRows();
  for (let i = 0; i < count; i++) {
    const ts = START_TS + 60_000_000 * i;
    const values = FEATURE_NAMES.map((name, at) => [name, Math.sin(50 * i + at + 1)]);
    const feature = {
      ts,
      decided_ts: ts + 1,
      known_at: ts + 4_321,
      venue: 'binance',
      symbol: 'BTC-USDT',
      feature_set: 'default@0123abcd',
      feature_id: `default@0123abcd:binance:BTC-USDT:${ts}`,
      flags: [],
      candles: [],
      values: Object.fromEntries(values) as Record<string, number>,
    };
    addFeatureRows(rows, received(feature) as object as Feature);
  }
  return rows.features;
}

await printWhenAlone(import.meta.filename, benchIlpEncoder);
