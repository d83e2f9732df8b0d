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

/** Of one task; what was noted is reported before its checkpoint. */
export class WrittenPartitions {
  private readonly tables: readonly (readonly [keyof SinkRows, string])[];
  /** By table and day: the hour in which it was last written to. */
  private readonly hours = new Map<string, number>();
  private unreported = new Map<string, WrittenPartition>();

  constructor(featuresTable: string) {
    this.tables = Object.entries({ ...TABLE_OF, features: featuresTable }) as [
      keyof SinkRows,
      string,
    ][];
  }

  /** Without any clock yet (0) nothing can be reported. */
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

  /** Reports what has not been reported; what fails now is reported the next time. */
  async flush(report: (parts: readonly WrittenPartition[]) => Promise<void>): Promise<void> {
    if (this.unreported.size === 0) return;
    const { unreported } = this;
    await report([...unreported.values()]);
    for (const [key, part] of unreported)
      if (this.unreported.get(key) === part) this.unreported.delete(key);
  }

  private noteDay(table: string, day: number, clockUs: number): void {
    const key = `${table}/${day}`;
    // The end of the hour: never younger than it is.
    const hour = Math.floor(clockUs / US_PER_HOUR) + 1;
    if (this.hours.get(key) === hour) return;
    this.hours.set(key, hour);
    const partition = partitionName(day * US_PER_DAY);
    this.unreported.set(key, { table, partition, writtenUs: hour * US_PER_HOUR });
  }
}
