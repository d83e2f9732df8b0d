/**
 * Tables whose log QuestDB has stopped applying: rows are acknowledged and cannot be read.
 *
 * Where the reason was a want of room, memory or files, applying is resumed: it begins where it
 * stopped, and stops again while the want lasts. Whatever else suspended a table is for a person.
 */
import type { SqlReader } from '../table.ts';

export interface SuspendedTable {
  readonly name: string;
  /** Why, in QuestDB's own few words, such as DISK FULL; empty where it has none. */
  readonly tag: string;
  readonly message: string;
  readonly resumed: boolean;
}

interface WalRow {
  readonly name: string;
  readonly tag: string | null;
  readonly message: string | null;
}

/** Throws while a table is suspended: what it is given cannot be read. */
export async function refuseSuspended(reader: SqlReader): Promise<void> {
  const rows = await reader.query<Pick<WalRow, 'name'>>(
    'SELECT name FROM wal_tables() WHERE suspended',
  );
  if (rows.length === 0) return;
  throw new Error(
    `${rows.map(({ name }) => name).join(', ')}: suspended, rows are kept and not applied. Free ` +
      'the disk or mend what its log names, then run ALTER TABLE … RESUME WAL for each',
  );
}

/** The tables that are suspended, those resumed that can be. */
export async function resumeSuspended(reader: SqlReader): Promise<SuspendedTable[]> {
  const rows = await reader.query<WalRow>(
    `SELECT name, errorTag AS tag, errorMessage AS message FROM wal_tables() WHERE suspended`,
  );
  const tables: SuspendedTable[] = [];
  for (const { name, tag, message } of rows) {
    const resumed = (tag ?? '') !== '';
    if (resumed) await reader.query(`ALTER TABLE "${name.replaceAll('"', '""')}" RESUME WAL`);
    tables.push({ name, tag: tag ?? '', message: message ?? '', resumed });
  }
  return tables;
}
