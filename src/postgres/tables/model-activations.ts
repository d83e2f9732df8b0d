/** `model_activations`: which model was in force when, in event time, as the log has shown it. */
import type { Pool } from 'pg';
import type { ModelControl } from '../../domain/control.ts';
import { formatUs } from '../../domain/time.ts';

/** From when on a model record held for its instrument: event time, exclusive of what was seen. */
export interface ModelHeld {
  readonly controlId: string;
  readonly model: ModelControl;
  readonly fromTs: number;
}

/**
 * Writes back from when records held, and ends what they replaced. A replay writes the same times;
 * the first time noted stays.
 */
export async function noteModelHeld(pool: Pool, held: readonly ModelHeld[]): Promise<void> {
  for (const { controlId, model, fromTs } of held) {
    const { venue, symbol, label_spec, slot, model_id } = model;
    const at = formatUs(fromTs);
    await pool.query(
      `UPDATE model_activations SET until_ts = $6
       WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND slot = $4
         AND control_id <> $5 AND from_ts IS NOT NULL AND from_ts <= $6 AND until_ts IS NULL`,
      [venue, symbol, label_spec, slot, controlId, at],
    );
    if (model.state === 'retired') continue;
    // The log may be ahead of the tables: where they were restored, or are filled from it.
    await pool.query(
      `INSERT INTO model_activations
         (control_id, venue, symbol, label_spec, slot, model_id, from_ts)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (control_id, venue, symbol) DO UPDATE SET from_ts = excluded.from_ts
         WHERE model_activations.from_ts IS NULL`,
      [controlId, venue, symbol, label_spec, slot, model_id, at],
    );
  }
}

/**
 * From when the records hold (event time), once the log has shown every one of them; null: not yet.
 * A record that takes a model out is shown by the end of what it ended.
 */
export async function heldSince(pool: Pool, controlIds: readonly string[]): Promise<number | null> {
  const { rows } = await pool.query<{ held: number | null; open: boolean }>(
    `WITH sent AS (
       SELECT control_id, body->>'state' = 'retired' AS ends, body->>'venue' AS venue,
         body->>'symbol' AS symbol, body->>'label_spec' AS label_spec, body->>'slot' AS slot
       FROM control_outbox WHERE control_id = ANY($1)),
     touched AS (
       SELECT CASE WHEN s.ends THEN a.until_ts ELSE a.from_ts END AS ts
       FROM sent s JOIN model_activations a
         ON a.venue = s.venue AND a.symbol = s.symbol AND a.label_spec = s.label_spec
           AND a.slot = s.slot AND (s.ends OR a.control_id = s.control_id))
     SELECT (SELECT max(ts) FROM touched) AS held,
       EXISTS (SELECT 1 FROM touched WHERE ts IS NULL) OR EXISTS (
         SELECT 1 FROM sent s WHERE NOT EXISTS (
           SELECT 1 FROM control_places p WHERE p.control_id = s.control_id)) AS open`,
    [controlIds],
  );
  return rows[0]?.open === false ? rows[0].held : null;
}
