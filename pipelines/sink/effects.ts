/**
 * the rows of one batch -> QuestDB, in the order that a crash between any two writes forgives
 *
 * What was noted about a tick is acknowledged before the tick itself: a tick in the tables whose
 * verdict is missing would be taken for a duplicate of itself when it is replayed.
 */
import { candles } from '../../src/questdb/tables/candles.ts';
import type { FeatureRow } from '../../src/questdb/tables/features.ts';
import { heartbeats } from '../../src/questdb/tables/heartbeats.ts';
import { predictions } from '../../src/questdb/tables/predictions.ts';
import { qualityEvents } from '../../src/questdb/tables/quality-events.ts';
import { historyQuotes, quotes } from '../../src/questdb/tables/quotes.ts';
import type { QuestTable, RowWriter, WriteOptions } from '../../src/questdb/table.ts';
import { historyTicks, ticks } from '../../src/questdb/tables/ticks.ts';
import type { SinkRows } from './sink.ts';

/** A row that QuestDB will never take; `row` is the object that was given. */
export interface SinkRejected {
  readonly table: string;
  readonly row: object;
  readonly message: string;
}

/**
 * Resolves when every row is acknowledged, except those returned, which are for dead letters.
 * Throws when QuestDB is away for too long or is not the one we write for; writing the whole batch
 * again is then right. `features` is the table of the feature set.
 */
export async function writeSinkBatch(
  writer: RowWriter,
  features: QuestTable<FeatureRow>,
  rows: SinkRows,
  options: WriteOptions = {},
): Promise<SinkRejected[]> {
  const rejected: SinkRejected[] = [];
  async function put<Row extends object>(
    table: QuestTable<Row>,
    some: readonly Row[],
  ): Promise<void> {
    if (some.length === 0) return;
    for (const { row, message } of await writer.write(table, some, options)) {
      rejected.push({ table: table.name, row, message });
    }
  }
  await put(qualityEvents, rows.quality_events);
  await put(ticks, rows.ticks);
  await put(quotes, rows.quotes);
  await put(historyTicks, rows.history_ticks);
  await put(historyQuotes, rows.history_quotes);
  await put(heartbeats, rows.heartbeats);
  await put(candles, rows.candles);
  await put(features, rows.features);
  await put(predictions, rows.predictions);
  return rejected;
}
