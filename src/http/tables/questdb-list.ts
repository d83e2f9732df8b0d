/**
 * A page of a QuestDB table or view, by time. The key of a page's end is its last `ts` and how many
 * rows with that `ts` have been given, because QuestDB compares no rows of columns.
 */
import { formatUs } from '../../domain/time.ts';
import type { SqlReader } from '../../questdb/table.ts';
import type { DbRow } from './postgres-list.ts';
import { Conditions, type PageOptions } from './select.ts';

export interface QuestDbList {
  readonly source: string;
  /** `*` for tables with columns that only the installation knows. */
  readonly columns: readonly string[];
  /** Columns that order rows of one `ts`; none where the filters leave one row. */
  readonly ties: readonly string[];
}

export interface QuestDbKey {
  readonly tsUs: number;
  readonly skip: number;
}

/** At most `limit` rows whose columns equal `filters`, behind `after`. */
export async function questdbPage(
  reader: SqlReader,
  { source, columns, ties }: QuestDbList,
  filters: Readonly<Record<string, string>>,
  page: PageOptions & { readonly after: QuestDbKey | null },
): Promise<DbRow[]> {
  const { fromUs, toUs, order, after } = page;
  const conditions = new Conditions();
  for (const [column, value] of Object.entries(filters)) conditions.add(`${column} = ?`, value);
  if (fromUs !== undefined) conditions.add('ts >= ?', formatUs(fromUs));
  if (toUs !== undefined) conditions.add('ts < ?', formatUs(toUs));
  if (after !== null) {
    conditions.add(order === 'asc' ? 'ts >= ?' : 'ts <= ?', formatUs(after.tsUs));
  }
  const skip = after?.skip ?? 0;
  const orderBy = [`ts ${order === 'asc' ? 'ASC' : 'DESC'}`, ...ties].join(', ');
  const sql = `SELECT ${columns.join(', ')} FROM ${source} ${conditions.where()}
    ORDER BY ${orderBy} LIMIT ${conditions.place(page.limit + skip)}`;
  const rows = await reader.query<DbRow>(sql, conditions.values);
  return rows.slice(skip);
}

/** The key behind these rows: how many of them share the last `ts`, the page before included. */
export function keyBehind(rows: readonly DbRow[], before: QuestDbKey | null): QuestDbKey | null {
  const tsUs = rows.at(-1)?.['ts'] as number | undefined;
  if (tsUs === undefined) return null;
  const same = rows.filter(({ ts }) => ts === tsUs).length;
  return { tsUs, skip: same + (before?.tsUs === tsUs ? before.skip : 0) };
}
