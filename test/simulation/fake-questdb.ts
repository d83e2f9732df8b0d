/**
 * QuestDB as the sink sees it: tables in which of two rows with one key the last wins, and whose
 * acknowledged rows are seen by readers only some time later, unless one waits for that.
 */
import { must } from '../../src/assert.ts';
import { parseUs } from '../../src/domain/time.ts';
import type { QuestTable, RowWriter, SqlReader } from '../../src/questdb/table.ts';
import { randomIndex } from '../../src/random.ts';
import type { Caller, Faults } from './faults.ts';

export interface Stored {
  readonly key: string;
  readonly ts: number;
  readonly knownAt: number;
  /** `venue:symbol`. */
  readonly instrument: string;
  readonly content: string;
}

interface Table {
  /** What was there before, of which no run makes a copy. */
  readonly before: ReadonlyMap<string, Stored>;
  readonly rows: Map<string, Stored>;
  /** Acknowledged, and not yet to be seen. */
  readonly waiting: Stored[];
}

export interface QuestSabotage {
  /** Waiting for the log to be applied waits; false: it returns at once. */
  readonly appliesOnWait: boolean;
}

export class FakeQuestDb {
  /** Rows that have replaced a different one. Revision 0 is written once, so there are none. */
  readonly rewritten: string[] = [];
  private readonly tables = new Map<string, Table>();
  private readonly faults: Faults;
  private readonly sabotage: QuestSabotage;
  private readonly refuses: (row: object) => boolean;

  constructor(
    faults: Faults,
    sabotage: QuestSabotage,
    refuses: (row: object) => boolean,
    from: FakeQuestDb | null,
  ) {
    this.faults = faults;
    this.sabotage = sabotage;
    this.refuses = refuses;
    for (const [name, { before }] of from?.tables ?? []) {
      this.tables.set(name, { before, rows: new Map(), waiting: [] });
    }
  }

  /** Makes what is there what was there before, for those who begin from here. */
  settle(): void {
    for (const [name, table] of this.tables) {
      this.apply(table, name);
      const before = new Map([...table.before, ...table.rows]);
      this.tables.set(name, { before, rows: new Map(), waiting: [] });
    }
  }

  /** By table and key the rows that have come or changed since the beginning. */
  changes(): Map<string, Map<string, string>> {
    const changes = new Map<string, Map<string, string>>();
    for (const [name, table] of this.tables) {
      this.apply(table, name);
      const own = new Map<string, string>();
      for (const { key, content } of table.rows.values()) {
        if (table.before.get(key)?.content !== content) own.set(key, content);
      }
      changes.set(name, own);
    }
    return changes;
  }

  /** Adds to `into` what a table holds, or is about to show, of an instrument. */
  acknowledged(name: string, instrument: string, into: Map<string, Stored>): void {
    const { before, rows, waiting } = this.table(name);
    for (const some of [before.values(), rows.values(), waiting]) {
      for (const row of some) if (row.instrument === instrument) into.set(name + row.key, row);
    }
  }

  writer(caller: Caller): RowWriter {
    return {
      write: (table, rows) => {
        const put = (some: readonly object[]): void => this.put(table, some);
        return caller.call(`write ${table.name}`, {
          all: () => {
            put(rows);
            return rows
              .filter((row) => this.refuses(row))
              .map((row) => ({ row, message: 'refused' }));
          },
          part: () => put(rows.slice(0, randomIndex(this.faults.random, rows.length + 1))),
          isRepeated: true,
        });
      },
    };
  }

  reader(caller: Caller): SqlReader {
    return {
      query: <Row extends object>(sql: string, params: readonly unknown[] = []): Promise<Row[]> =>
        caller.call('query', { all: () => this.query(sql, params) as Row[] }),
      waitApplied: (names) =>
        caller.call('waitApplied', {
          all: () => {
            if (!this.sabotage.appliesOnWait) return;
            for (const name of names) this.apply(this.table(name), name);
          },
        }),
    };
  }

  private put<Row extends object>(table: QuestTable<Row>, rows: readonly object[]): void {
    const into = this.table(table.name);
    for (const row of rows) if (!this.refuses(row)) into.waiting.push(toStored(table, row));
    if (this.faults.happens(0.5)) this.apply(into, table.name);
  }

  private table(name: string): Table {
    const known = this.tables.get(name);
    if (known !== undefined) return known;
    const table: Table = { before: new Map(), rows: new Map(), waiting: [] };
    this.tables.set(name, table);
    return table;
  }

  private apply({ before, rows, waiting }: Table, name: string): void {
    for (const row of waiting) {
      const old = rows.get(row.key) ?? before.get(row.key);
      if (old !== undefined && old.content !== row.content) {
        this.rewritten.push(`${name}: ${old.content} -> ${row.content}`);
      }
      rows.set(row.key, row);
    }
    waiting.length = 0;
  }

  /** The one statement that the sink asks; any other is an error of this fake. */
  private query(sql: string, [venue, symbol, from, to]: readonly unknown[]): object[] {
    const [, name, limit] = must(RANGE_SQL.exec(sql), `the simulation knows no "${sql}"`);
    const [fromUs, toUs] = [parseUs(String(from)), parseUs(String(to))];
    const instrument = `${String(venue)}:${String(symbol)}`;
    const { before, rows } = this.table(must(name));
    const found = new Map<string, string>();
    for (const some of [before, rows]) {
      for (const row of some.values()) {
        if (row.ts < fromUs || row.ts > toUs || row.instrument !== instrument) continue;
        found.set(row.key, row.content);
      }
    }
    return [...found.values()].slice(0, Number(limit)).map((row) => JSON.parse(row) as object);
  }
}

const RANGE_SQL =
  /^SELECT \* FROM (\w+) WHERE venue = \$1 AND symbol = \$2 AND ts >= \$3 AND ts <= \$4 LIMIT (\d+)$/;

/** The rows of a table are made in one place, so equal ones have their columns in one order. */
function toStored<Row extends object>({ keys }: QuestTable<Row>, row: object): Stored {
  const cells = row as Readonly<Record<string, unknown>>;
  return {
    key: JSON.stringify(keys.map((column) => cells[column] ?? null)),
    ts: Number(cells['ts']),
    knownAt: Number(cells['known_at']),
    instrument: `${String(cells['venue'])}:${String(cells['symbol'])}`,
    content: JSON.stringify(row),
  };
}
