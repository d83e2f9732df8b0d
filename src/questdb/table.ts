/**
 * What a QuestDB table is to the rest of the code: its name, its columns in the order of its `.sql`
 * file, and the columns that make two rows the same row. The writer encodes by this, the migration
 * checks the real table by it, and a row is a plain object whose properties are the columns.
 *
 * Null means that the column is left out of the row, which QuestDB reads back as null.
 */
import { formatUs } from '../domain/time.ts';

/** The name of the partition of a table that holds the day of `ts` (microseconds). */
export const partitionName = (ts: number): string => formatUs(ts).slice(0, 10);

/** `timestamp` values are integer microseconds (`Us`); `ts` is always the designated timestamp. */
export type ColumnType = 'symbol' | 'varchar' | 'double' | 'int' | 'long' | 'timestamp';

export type Cell = string | number | null;

export interface QuestTable<Row extends object> {
  readonly name: string;
  readonly columns: Readonly<Record<keyof Row & string, ColumnType>>;
  /** The dedup key. A second row with the same key replaces the first: last write wins. */
  readonly keys: readonly (keyof Row & string)[];
}

/** A row of any table, as the writer sees it. */
export type AnyRow = Readonly<Record<string, Cell>>;

/** One row that QuestDB or our own check refused, and why: for a dead letter. */
export interface Rejected<Row> {
  readonly row: Row;
  readonly message: string;
}

export interface WriteOptions {
  /** Gives up the retries; rows of the current request may still arrive, which is harmless. */
  readonly signal?: AbortSignal;
  /** Called at least every few seconds while rows are being encoded, sent or tried again. */
  readonly heartbeat?: () => Promise<void> | void;
}

/** The port that puts rows into tables; `src/questdb/writer.ts` is its real form. */
export interface RowWriter {
  write<Row extends object>(
    table: QuestTable<Row>,
    rows: readonly Row[],
    options?: WriteOptions,
  ): Promise<Rejected<Row>[]>;
}

/** The port that queries; times come back as integer microseconds, 64-bit integers as numbers. */
export interface SqlReader {
  query<Row extends object>(sql: string, params?: readonly Cell[]): Promise<Row[]>;
  /** Resolves once everything acknowledged so far can be read from these tables. */
  waitApplied(tables: readonly string[], timeoutMs?: number): Promise<void>;
}

export interface Instrument {
  readonly venue: string;
  readonly symbol: string;
}

/** A half-open range of event time, [fromUs, toUs). */
export interface TimeRange {
  readonly fromUs: number;
  readonly toUs: number;
}
