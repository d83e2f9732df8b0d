/** Activations of models, as the HTTP server reads them. */
import type pg from 'pg';
import type { DbRow } from './postgres-list.ts';
import { Conditions } from './select.ts';

/** The newest activations, 200 by default, whose columns equal `filters`, those not yet in force first. */
export async function modelActivations(
  pool: pg.Pool,
  filters: { readonly venue?: string; readonly symbol?: string; readonly model_id?: string },
  most = 200,
): Promise<DbRow[]> {
  const conditions = new Conditions();
  const { venue, symbol, model_id: modelId } = filters;
  if (venue !== undefined) conditions.add('venue = ?', venue);
  if (symbol !== undefined) conditions.add('symbol = ?', symbol);
  if (modelId !== undefined) conditions.add('model_id = ?', modelId);
  const sql = `SELECT venue, symbol, label_spec, slot, model_id, from_ts, until_ts, created_at
    FROM model_activations ${conditions.where()}
    ORDER BY from_ts DESC NULLS FIRST, created_at DESC LIMIT ${conditions.place(most)}`;
  return (await pool.query<DbRow>(sql, conditions.values)).rows;
}
