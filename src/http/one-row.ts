/** A row by its id -> the item of an answer, or a 404 that names what is missing. */
import type pg from 'pg';
import type { TObject } from 'typebox';
import { toItem, type Item, type Row } from './columns.ts';
import { Problem } from './problem.ts';

/** `source` and `idColumn` are names of the code's own; only `id` comes from the request. */
export async function oneRow(
  pool: pg.Pool,
  source: string,
  idColumn: string,
  id: string,
  schema: TObject,
): Promise<Item> {
  const columns = Object.keys(schema.properties).join(', ');
  const sql = `SELECT ${columns} FROM ${source} WHERE ${idColumn} = $1`;
  const [row] = (await pool.query<Row>(sql, [id])).rows;
  if (row === undefined) {
    throw new Problem(404, `there is no ${idColumn} "${id}"; read the list for those that exist`);
  }
  return toItem(schema, row);
}
