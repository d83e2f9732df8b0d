/** How many transactions each table has been given: a number that never falls while it lives. */
import { MARKET_TABLES } from './schema.ts';
import type { SqlReader } from '../table.ts';

/** By table; one that is not there has none. */
export type Transactions = Readonly<Record<string, number>>;

const WATCHED = [...MARKET_TABLES, 'quality_events'];

export async function readTransactions(reader: SqlReader): Promise<Transactions> {
  const rows = await reader.query<{ name: string; given: number }>(
    'SELECT name, sequencerTxn AS given FROM wal_tables()',
  );
  const given = new Map(rows.map((row) => [row.name, row.given]));
  return Object.fromEntries(WATCHED.map((name) => [name, given.get(name) ?? 0]));
}

export interface Lost {
  readonly table: string;
  readonly had: number;
  readonly has: number;
}

/** Tables that hold fewer transactions than they did: taken back, or made anew. */
export const findLost = (had: Transactions, has: Transactions): Lost[] =>
  Object.entries(has).flatMap(([table, now]) => {
    const before = had[table] ?? 0;
    return now < before ? [{ table, had: before, has: now }] : [];
  });
