/** Settings kept in the database, as the HTTP server reads them. */
import type pg from 'pg';
import type { DbRow } from './postgres-list.ts';

export async function storedSettings(pool: pg.Pool): Promise<DbRow[]> {
  const sql = 'SELECT name, value, updated_at FROM settings ORDER BY name';
  return (await pool.query<DbRow>(sql)).rows;
}
