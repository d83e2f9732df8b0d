/**
 * Holds the sink to what it announces: that all of an instrument in the log before the tick of the
 * announced time is stored. Whatever comes later is not known earlier, so the rows that were known
 * before that tick are already all of those that will ever have been.
 */
import type { StoredWatermark } from '../../src/postgres/tables/stored-watermarks.ts';
import type { FakeQuestDb, Stored } from './fake-questdb.ts';

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
    for (const one of watermarks) {
      this.all.push({ ...one, rows: rowsKnownBy(this.findRows(one.instrument), one.reachedTs) });
    }
  }

  /** What was announced too early. */
  broken(): string[] {
    const instruments = new Set(this.all.map(({ instrument }) => instrument));
    const own = new Map([...instruments].map((one) => [one, this.findRows(one)]));
    return this.all.flatMap(({ instrument, reachedTs, rows: then }) => {
      const all = own.get(instrument) ?? [];
      // A tick that QuestDB has refused shows nobody when it came.
      if (!all.some(({ ts }) => ts === reachedTs)) return [];
      const rows = rowsKnownBy(all, reachedTs);
      const announcement = `${instrument} was said to be stored up to ${reachedTs}`;
      return rows === then ? [] : [`${announcement} with ${then} rows of ${rows}`];
    });
  }

  private findRows(instrument: string): Stored[] {
    const own = new Map<string, Stored>();
    for (const table of TABLES) this.questdb.acknowledged(table, instrument, own);
    return [...own.values()];
  }
}

/** How many were known before the first one at or behind the announced time was. */
function rowsKnownBy(rows: readonly Stored[], reachedTs: number): number {
  let shownAt = Infinity;
  for (const { ts, knownAt } of rows) if (ts >= reachedTs) shownAt = Math.min(shownAt, knownAt);
  return rows.filter(({ knownAt }) => knownAt < shownAt).length;
}
