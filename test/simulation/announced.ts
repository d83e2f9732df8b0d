/**
 * Holds the sink to what it announces: that all of an instrument in the log before the tick of the
 * announced time is stored. Whatever comes later is not known earlier, so the rows that were known
 * before that tick are already all of those that will ever have been.
 */
import type { StoredWatermark } from '../../src/tables/postgres/stored-watermarks.ts';
import type { FakeQuestDb } from './fake-questdb.ts';

interface Kept extends StoredWatermark {
  readonly rows: number;
}

const TABLES = ['ticks', 'quotes', 'heartbeats'] as const;

export class Announced {
  private readonly all: Kept[] = [];
  private readonly questdb: FakeQuestDb;

  constructor(questdb: FakeQuestDb) {
    this.questdb = questdb;
  }

  note(watermarks: readonly StoredWatermark[]): void {
    for (const one of watermarks) this.all.push({ ...one, rows: this.rowsKnownBy(one) });
  }

  /** The highest of each instrument. */
  watermarks(): Map<string, number> {
    const highest = new Map<string, number>();
    for (const { instrument, reachedTs } of this.all) {
      highest.set(instrument, Math.max(reachedTs, highest.get(instrument) ?? 0));
    }
    return highest;
  }

  /** What was announced too early. */
  broken(): string[] {
    return this.all.flatMap((one) => {
      const rows = this.rowsKnownBy(one);
      const said = `${one.instrument} was said to be stored up to ${one.reachedTs}`;
      return rows === one.rows ? [] : [`${said} with ${one.rows} rows of ${rows}`];
    });
  }

  /** How many were known before the first one at or behind the announced time was. */
  private rowsKnownBy({ instrument, reachedTs }: StoredWatermark): number {
    const own = TABLES.flatMap((table) => this.questdb.acknowledged(table)).filter(
      ({ venue, symbol }) => `${String(venue)}:${String(symbol)}` === instrument,
    );
    let shownAt = Infinity;
    for (const { ts, knownAt } of own) if (ts >= reachedTs) shownAt = Math.min(shownAt, knownAt);
    return own.filter(({ knownAt }) => knownAt < shownAt).length;
  }
}
