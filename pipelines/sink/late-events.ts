/**
 * late ticks and history of one batch -> rows to write, judged by what QuestDB already holds
 *
 * The shell of `lateVerdict`: it waits until the tables show what has been acknowledged, and
 * reads the stored ranges in few, bounded queries, so that feeding a whole file a second time
 * costs little more than reading it. A tick that an earlier one of the same batch made known counts
 * as stored. History that is stored already stays as it is too: written again, it would be known
 * later than it was.
 */
import type { SqlReader } from '../../src/questdb/table.ts';
import { storedAt, storedKey, verdictsAt } from '../../src/questdb/tables/stored.ts';
import {
  historyRow,
  lateRow,
  lateVerdict,
  type SinkRows,
  type LateTick,
  type StoredRow,
} from './sink.ts';

/** Ticks judged at a time: bounds memory and the length of a query. */
const CHUNK_TICKS = 10_000;

export interface LateCounts {
  duplicate: number;
  correction: number;
  late: number;
  history: number;
}

/**
 * Adds the rows of the verdicts to `rows` and counts them. `batch` is in log order; its ticks come
 * from one partition, so nobody else writes their instruments meanwhile. Everything that the same
 * partition sent before has to be acknowledged by QuestDB.
 */
export async function judgeLate(
  reader: SqlReader,
  batch: readonly LateTick[],
  rows: SinkRows,
): Promise<LateCounts> {
  const counts: LateCounts = { duplicate: 0, correction: 0, late: 0, history: 0 };
  if (batch.length === 0) return counts;
  await reader.waitApplied(['ticks', 'quotes', 'quality_events']);
  for (const group of groupByInstrument(batch).values()) {
    for (const chunk of splitByTime(group)) await judgeChunk(reader, chunk, rows, counts);
  }
  return counts;
}

/** One table and one instrument each. */
function groupByInstrument(batch: readonly LateTick[]): Map<string, LateTick[]> {
  const groups = new Map<string, LateTick[]>();
  for (const late of batch) {
    const key = `${late.tick.kind}|${late.venue}:${late.symbol}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [late]);
    else group.push(late);
  }
  return groups;
}

/**
 * By time, so that a chunk's range is short. The sort is stable: ticks of one `ts` stay in log
 * order, and one `ts` never falls into two chunks, so a repeat meets the tick that it repeats.
 */
function* splitByTime(group: readonly LateTick[]): Generator<LateTick[]> {
  const sorted = group.toSorted((a, b) => a.tick.ts - b.tick.ts);
  let chunk: LateTick[] = [];
  for (const late of sorted) {
    if (chunk.length >= CHUNK_TICKS && chunk.at(-1)?.tick.ts !== late.tick.ts) {
      yield chunk;
      chunk = [];
    }
    chunk.push(late);
  }
  yield chunk;
}

async function judgeChunk(
  reader: SqlReader,
  chunk: readonly LateTick[],
  rows: SinkRows,
  counts: LateCounts,
): Promise<void> {
  const [first] = chunk;
  if (first === undefined) return;
  const times = [...new Set(chunk.map(({ tick }) => tick.ts))];
  const stored: Map<string, StoredRow> = await storedAt(reader, first.tick.kind, first, times);
  const earlier = await verdictsAt(reader, first, times);
  for (const late of chunk) {
    const key = storedKey(late.tick);
    const judged = lateVerdict(late, stored.get(key), earlier.get(late.source));
    if (judged.verdict === 'late' && late.isHistory) {
      counts.history += 1;
      stored.set(key, historyRow(rows, late));
      continue;
    }
    counts[judged.verdict] += 1;
    if (judged.verdict === 'duplicate') continue;
    rows.quality_events.push(judged.event);
    if (judged.verdict === 'correction') continue;
    stored.set(key, lateRow(rows, late));
  }
}
