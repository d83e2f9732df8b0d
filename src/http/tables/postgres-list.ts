/**
 * A page of a PostgreSQL table or view, by its key: time first, then the columns that make it
 * unique. The page after begins behind the last key, so it costs the same however far it is.
 */
import type pg from 'pg';
import { formatUs } from '../../domain/time.ts';
import { Conditions, type PageOptions } from './select.ts';

export interface PostgresList {
  /** A table or a view. */
  readonly source: string;
  readonly columns: readonly string[];
  /** Orders the list and takes `from` and `to`; null for short lists without a time. */
  readonly time: string | null;
  /** Text columns that make the order total. */
  readonly ids: readonly string[];
}

/** The last key of the page before: the time in microseconds, if any, and the ids. */
export interface PostgresKey {
  readonly timeUs: number | null;
  readonly ids: readonly string[];
}

export type DbRow = Readonly<Record<string, unknown>>;

/** At most `limit` rows whose columns equal `filters`, behind `after`. */
export async function postgresPage(
  pool: pg.Pool,
  list: PostgresList,
  filters: Readonly<Record<string, string>>,
  page: PageOptions & { readonly after: PostgresKey | null },
): Promise<DbRow[]> {
  const { source, columns, time } = list;
  const conditions = new Conditions();
  for (const [column, value] of Object.entries(filters)) conditions.add(`${column} = ?`, value);
  if (time !== null && page.fromUs !== undefined) {
    conditions.add(`${time} >= ?::timestamptz`, formatUs(page.fromUs));
  }
  if (time !== null && page.toUs !== undefined) {
    conditions.add(`${time} < ?::timestamptz`, formatUs(page.toUs));
  }
  if (page.after !== null) addAfter(conditions, list, page.order, page.after);
  const keys = [...(time === null ? [] : [time]), ...list.ids.map((id) => `${id}::text`)];
  const direction = page.order === 'asc' ? 'ASC' : 'DESC';
  const sql = `SELECT ${columns.join(', ')} FROM ${source} ${conditions.where()}
    ORDER BY ${keys.map((key) => `${key} ${direction}`).join(', ')}
    LIMIT ${conditions.place(page.limit)}`;
  return (await pool.query<DbRow>(sql, conditions.values)).rows;
}

function addAfter(
  conditions: Conditions,
  { time, ids }: PostgresList,
  order: PageOptions['order'],
  after: PostgresKey,
): void {
  const than = order === 'asc' ? '>' : '<';
  const names = ids.map((id) => `${id}::text`);
  if (time === null || after.timeUs === null) {
    conditions.add(
      `(${names.join(', ')}) ${than} (${ids.map(() => '?').join(', ')})`,
      ...after.ids,
    );
    return;
  }
  const places = ['?::timestamptz', ...ids.map(() => '?')].join(', ');
  const row = [time, ...names].join(', ');
  conditions.add(`(${row}) ${than} (${places})`, formatUs(after.timeUs), ...after.ids);
}
