/** `checkpoints` -> how often each partition of each stage has changed its owner. */
import type { Pool } from 'pg';

/** By `stage topic/partition`. */
export async function ownerEpochs(pool: Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ place: string; epoch: number }>(
    `SELECT stage || ' ' || topic || '/' || partition AS place, epoch FROM checkpoints`,
  );
  return new Map(rows.map(({ place, epoch }) => [place, epoch]));
}
