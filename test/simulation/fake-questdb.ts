/**
 * QuestDB as the sink sees it: tables in which of two rows with one key the last wins, and whose
 * acknowledged rows are seen by readers only some time later, unless one waits for that.
 */
import { must } from '../../src/assert.ts';
import { parseUs } from '../../src/domain/time.ts';
import type { QuestTable, RowWriter, SqlReader } from '../../src/tables/questdb/table.ts';
import { randomIndex } from '../../src/random.ts';
import type { Faults } from './faults.ts';

export interface Stored {
  readonly key: string;
  readonly ts: number;
  readonly knownAt: number;
  readonly venue: unknown;
  readonly symbol: unknown;
  readonly content: string;
}

interface Table {
  readonly rows: Map<string, Stored>;
  /** Acknowledged, and not yet to be seen. */
  readonly waiting: Stored[];
}

export interface QuestSabotage {
  /** Waiting for the log to be applied waits; false: it returns at once. */
  readonly appliesOnWait: boolean;
}

export class FakeQuestDb {
  readonly tables = new Map<string, Table>();
  /** Rows that have replaced a different one. Revision 0 is written once, so there are none. */
  readonly rewritten: string[] = [];
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
    for (const [name, { rows, waiting }] of from?.tables ?? []) {
      this.tables.set(name, { rows: new Map(rows), waiting: [...waiting] });
    }
  }

  /** The rows of a table by key, once everything is applied. */
  rowsOf(name: string): Map<string, string> {
    const table = this.table(name);
    this.apply(table, name);
    return new Map([...table.rows].map(([key, { content }]) => [key, content]));
  }

  /** What a table holds or is about to show. */
  acknowledged(name: string): readonly Stored[] {
    const { rows, waiting } = this.table(name);
    const all = new Map(rows);
    for (const row of waiting) all.set(row.key, row);
    return [...all.values()];
  }

  readonly writer: RowWriter = {
    write: (table, rows) => {
      const put = (some: readonly object[]): void => {
        const into = this.table(table.name);
        for (const row of some) {
          if (!this.refuses(row)) into.waiting.push(storedOf(table, row));
        }
        if (this.faults.happens(0.5)) this.apply(into, table.name);
      };
      return this.faults.call(`write ${table.name}`, {
        all: () => {
          put(rows);
          return rows
            .filter((row) => this.refuses(row))
            .map((row) => ({ row, message: 'refused' }));
        },
        part: () => put(rows.slice(0, randomIndex(this.faults.random, rows.length + 1))),
      });
    },
  };

  readonly reader: SqlReader = {
    query: <Row extends object>(sql: string, params: readonly unknown[] = []): Promise<Row[]> =>
      this.faults.call('query', { all: () => this.query(sql, params) as Row[] }),
    waitApplied: (names) =>
      this.faults.call('waitApplied', {
        all: () => {
          if (!this.sabotage.appliesOnWait) return;
          for (const name of names) this.apply(this.table(name), name);
        },
      }),
  };

  private table(name: string): Table {
    const table = this.tables.get(name) ?? { rows: new Map<string, Stored>(), waiting: [] };
    this.tables.set(name, table);
    return table;
  }

  private apply({ rows, waiting }: Table, name: string): void {
    for (const row of waiting) {
      const before = rows.get(row.key);
      if (before !== undefined && before.content !== row.content) {
        this.rewritten.push(`${name}: ${before.content} -> ${row.content}`);
      }
      rows.set(row.key, row);
    }
    waiting.length = 0;
  }

  /** The one statement that the sink asks; any other is an error of this fake. */
  private query(sql: string, [venue, symbol, from, to]: readonly unknown[]): object[] {
    const [, name, limit] = must(RANGE_SQL.exec(sql), `the simulation knows no "${sql}"`);
    const [fromUs, toUs] = [parseUs(String(from)), parseUs(String(to))];
    const found: object[] = [];
    for (const row of this.table(must(name)).rows.values()) {
      if (row.ts < fromUs || row.ts > toUs) continue;
      if (row.venue !== venue || row.symbol !== symbol || found.length >= Number(limit)) continue;
      found.push(JSON.parse(row.content) as object);
    }
    return found;
  }
}

const RANGE_SQL =
  /^SELECT \* FROM (\w+) WHERE venue = \$1 AND symbol = \$2 AND ts >= \$3 AND ts <= \$4 LIMIT (\d+)$/;

/** The rows of a table are made in one place, so equal ones have their columns in one order. */
function storedOf<Row extends object>({ keys }: QuestTable<Row>, row: object): Stored {
  const cells = row as Readonly<Record<string, unknown>>;
  return {
    key: JSON.stringify(keys.map((column) => cells[column] ?? null)),
    ts: Number(cells['ts']),
    knownAt: Number(cells['known_at']),
    venue: cells['venue'],
    symbol: cells['symbol'],
    content: JSON.stringify(row),
  };
}
