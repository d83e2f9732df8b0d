/**
 * SQL -> rows, over QuestDB's PostgreSQL protocol, exactly: timestamps are integer microseconds,
 * 64-bit integers are numbers (an error beyond 2^53), doubles come back bit for bit.
 *
 * Only for reading and for DDL. Rows are written by ILP (`questdb.ts`): over this protocol QuestDB
 * was seen to lose rows of tables with dedup keys.
 */
import pg from 'pg';
import { monotonicMs, sleep } from '../clock.ts';
import { parseUs } from '../domain/time.ts';
import type { Cell, SqlReader } from './table.ts';
import { patiently } from './patience.ts';

export interface QuestDbReaderOptions {
  /** `postgres://user:password@host:port/qdb`. */
  readonly url: string;
  readonly connections?: number;
  /** How long a query is tried again while the server is away. */
  readonly patienceMs?: number;
  readonly queryTimeoutMs?: number;
}

/** A table takes rows that nobody will see until an operator has acted. */
export class QuestDbSuspendedError extends Error {
  override readonly name = 'QuestDbSuspendedError';
}

const TIMESTAMP_OID = 1114;
const LONG_OID = 20;

export class QuestDbReader implements SqlReader {
  readonly #pool: pg.Pool;
  readonly #patienceMs: number;

  constructor({
    url,
    connections = 4,
    patienceMs = 30_000,
    queryTimeoutMs = 120_000,
  }: QuestDbReaderOptions) {
    this.#patienceMs = patienceMs;
    this.#pool = new pg.Pool({
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: 10_000,
      query_timeout: queryTimeoutMs,
      types: { getTypeParser: parserFor as typeof pg.types.getTypeParser },
    });
    // A connection that breaks while idle is replaced at its next use; unheard, it would end us.
    this.#pool.on('error', () => {});
  }

  /**
   * The rows of a statement. `$1`… take `params` (never put values into the text): a time as RFC
   * 3339 text of `formatUs`. Connection errors are tried again, an error of the statement is not.
   */
  async query<Row extends object>(sql: string, params: readonly Cell[] = []): Promise<Row[]> {
    const query = async (): Promise<Row[]> => (await this.#pool.query<Row>(sql, [...params])).rows;
    return patiently(query, { patienceMs: this.#patienceMs, isTransient: isConnectionError });
  }

  /**
   * Resolves once what these tables have acknowledged so far can be read. Throws when one is
   * suspended, does not exist, or is not done within the time.
   */
  async waitApplied(tables: readonly string[], timeoutMs = 60_000): Promise<void> {
    const deadline = monotonicMs() + timeoutMs;
    const goals = new Map<string, number>();
    for (let pause = 1; ; pause = Math.min(2 * pause, 100)) {
      const behind = await this.#behind(tables, goals);
      if (behind.length === 0) return;
      if (monotonicMs() > deadline) {
        throw new Error(
          `QuestDB has not applied its log to ${behind.join(', ')} within ${timeoutMs / 1000} s`,
        );
      }
      await sleep(pause);
    }
  }

  /** The tables that are not yet where they had acknowledged to be at the first look. */
  async #behind(tables: readonly string[], goals: Map<string, number>): Promise<string[]> {
    const states = new Map((await this.query<WalTable>(WAL_SQL)).map((s) => [s.name, s]));
    return tables.filter((table) => {
      const state = states.get(table);
      if (state === undefined) throw new Error(`QuestDB has no WAL table "${table}"`);
      if (state.suspended) throw suspended(state);
      const goal = goals.get(table) ?? state.sequencer_txn;
      goals.set(table, goal);
      return state.writer_txn < goal;
    });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

interface WalTable {
  readonly name: string;
  readonly suspended: boolean;
  readonly writer_txn: number;
  readonly sequencer_txn: number;
  readonly message: string | null;
}

const WAL_SQL = `SELECT name, suspended, writerTxn AS writer_txn, sequencerTxn AS sequencer_txn,
  errorMessage AS message FROM wal_tables()`;

const suspended = ({ name, message }: WalTable): QuestDbSuspendedError =>
  new QuestDbSuspendedError(
    `QuestDB has suspended table ${name} (${message || 'no reason given'}): rows are taken but ` +
      `stay invisible. Mend the cause (a full disk?), then: ALTER TABLE ${name} RESUME WAL`,
  );

function parserFor(oid: number, format?: string): (text: string) => unknown {
  if (oid === TIMESTAMP_OID) return parseUs;
  if (oid === LONG_OID) return parseLong;
  return pg.types.getTypeParser(oid, format as 'text') as (text: string) => unknown;
}

function parseLong(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`${text} does not fit a number exactly: cast it to a VARCHAR in the query`);
}

/** Errors of the way to the server; those of a statement carry an SQLSTATE of five characters. */
function isConnectionError(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return true;
  // A server that is being stopped cancels what it still has.
  const passing = /Connection terminated|timeout exceeded when trying to connect|cancelled by user/;
  return passing.test(String(message));
}
