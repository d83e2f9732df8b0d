/** Inserting a record once, and distinguishing a repeat from a contradiction. */
import type { PoolClient } from 'pg';
import { assert } from '../../assert.ts';
import { recordError } from './errors.ts';

type Row = Readonly<Record<string, unknown>>;

/** Inserts the row unless one with its key is there; true when it is new. Names are our own. */
export async function insert(client: PoolClient, table: string, row: Row): Promise<boolean> {
  const columns = Object.keys(row);
  assert(
    columns.every((name) => /^[a-z_0-9]+$/.test(name)),
    `columns of ${table}`,
  );
  const places = columns.map((_, i) => `$${i + 1}`);
  const { rowCount } = await client.query(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')})
     ON CONFLICT DO NOTHING`,
    Object.values(row),
  );
  return rowCount === 1;
}

/**
 * A record whose key is taken: equal content is a repeat (true), another one is an error to look at
 * (false).
 */
export async function sameOrReport(
  client: PoolClient,
  table: string,
  key: Readonly<Record<string, string>>,
  row: Row & { readonly content_sha256: Buffer },
  kind: string,
): Promise<boolean> {
  const names = Object.keys(key);
  const where = names.map((name, i) => `${name} = $${i + 1}`).join(' AND ');
  const { rows } = await client.query<{ content_sha256: Buffer }>(
    `SELECT content_sha256 FROM ${table} WHERE ${where}`,
    Object.values(key),
  );
  if (rows[0]?.content_sha256.equals(row.content_sha256) === true) return true;
  const id = Object.values(key).join(':');
  await recordError(client, {
    key: `contradiction:${kind}:${id}`,
    severity: 'critical',
    component: 'trades',
    code: 'contradiction',
    message: `a second ${kind} has the id ${id} and another content; the first one stays booked`,
    context: { ...row, content_sha256: row.content_sha256.toString('hex') },
  });
  return false;
}
