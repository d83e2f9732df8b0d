/** `model_activations`: which model was in force when, in event time, as the log has shown it. */
import type { Pool } from 'pg';
import { formatUs } from '../../domain/time.ts';

interface Held {
  readonly controlId: string;
  readonly model: { venue: string; symbol: string; label_spec: string; slot: string };
  readonly fromTs: number;
}

/**
 * Writes back from when records held, and ends what they replaced. A replay writes the same times;
 * the first time noted stays.
 */
export async function noteModelHeld(pool: Pool, held: readonly Held[]): Promise<void> {
  for (const { controlId, model, fromTs } of held) {
    const { venue, symbol, label_spec, slot } = model;
    const at = formatUs(fromTs);
    await pool.query(
      `UPDATE model_activations SET until_ts = $6
       WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND slot = $4
         AND control_id <> $5 AND from_ts IS NOT NULL AND from_ts <= $6 AND until_ts IS NULL`,
      [venue, symbol, label_spec, slot, controlId, at],
    );
    await pool.query(
      `UPDATE model_activations SET from_ts = $4
       WHERE control_id = $1 AND venue = $2 AND symbol = $3 AND from_ts IS NULL`,
      [controlId, venue, symbol, at],
    );
  }
}
