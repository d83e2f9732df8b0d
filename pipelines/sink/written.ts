/**
 * rows of a batch -> which partitions of QuestDB's tables were written to, and when by the log's
 * clock
 *
 * Retention counts a partition's age from when its newest row was written: a history of ten years
 * ago that was fed yesterday is one day old. Hours are enough, and keep the writes few.
 */
import { US_PER_DAY, US_PER_HOUR } from '../../src/domain/time.ts';
import type { WrittenPartition } from '../../src/postgres/tables/log-clocks.ts';
import { partitionName } from '../../src/questdb/table.ts';
import type { SinkRows } from './sink.ts';

const TABLE_OF: Partial<Record<keyof SinkRows, string>> = {
  ticks: 'ticks',
  quotes: 'quotes',
  history_ticks: 'ticks',
  history_quotes: 'quotes',
  heartbeats: 'heartbeats',
  candles: 'candles',
  predictions: 'predictions',
};

/** Of one task; what was noted is told before its checkpoint. */
export class WrittenPartitions {
  private readonly tables: readonly (readonly [keyof SinkRows, string])[];
  /** By table and day: the hour in which it was last written to. */
  private readonly hours = new Map<string, number>();
  private untold = new Map<string, WrittenPartition>();

  constructor(featuresTable: string) {
    this.tables = Object.entries({ ...TABLE_OF, features: featuresTable }) as [
      keyof SinkRows,
      string,
    ][];
  }

  /** Without any clock yet (0) nothing can be said. */
  note(rows: SinkRows, clockUs: number): void {
    if (clockUs === 0) return;
    for (const [of, table] of this.tables) {
      let before = -1;
      for (const { ts } of rows[of]) {
        const day = Math.floor(ts / US_PER_DAY);
        // Rows come nearly in the order of time: few of them begin another day.
        if (day === before) continue;
        before = day;
        this.noteDay(table, day, clockUs);
      }
    }
  }

  /** Tells what has not been told; what cannot be told now is told the next time. */
  async flush(tell: (parts: readonly WrittenPartition[]) => Promise<void>): Promise<void> {
    if (this.untold.size === 0) return;
    const { untold } = this;
    await tell([...untold.values()]);
    for (const [key, part] of untold) if (this.untold.get(key) === part) this.untold.delete(key);
  }

  private noteDay(table: string, day: number, clockUs: number): void {
    const key = `${table}/${day}`;
    // The end of the hour: never younger than it is.
    const hour = Math.floor(clockUs / US_PER_HOUR) + 1;
    if (this.hours.get(key) === hour) return;
    this.hours.set(key, hour);
    const partition = partitionName(day * US_PER_DAY);
    this.untold.set(key, { table, partition, writtenUs: hour * US_PER_HOUR });
  }
}
