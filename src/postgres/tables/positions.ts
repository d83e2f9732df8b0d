/** `checkpoints`: where stages stand in topics, for whoever looks, or decides anew. */
import type { Pool } from 'pg';
import type { LogMarker } from '../../stream/log-marker.ts';

export interface StagePosition {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  readonly marker: LogMarker | null;
}

/** What every stage has stored of these topics, in the order of stage, topic and partition. */
export async function stagePositions(
  pool: Pool,
  topics: readonly string[],
): Promise<StagePosition[]> {
  const { rows } = await pool.query<{
    stage: string;
    topic: string;
    partition: number;
    next_offset: string;
    marker_offset: string | null;
    marker_hash: Buffer | null;
  }>(
    `SELECT stage, topic, partition, next_offset, marker_offset, marker_hash FROM checkpoints
     WHERE topic = ANY($1::text[]) ORDER BY stage, topic, partition`,
    [topics],
  );
  return rows.map(({ stage, topic, partition, next_offset, marker_offset, marker_hash }) => ({
    stage,
    topic,
    partition,
    position: Number(next_offset),
    marker: marker_hash === null ? null : { offset: Number(marker_offset), hash: marker_hash },
  }));
}

/**
 * Puts the stages where these say, their state kept, in one statement. Whoever works there now is
 * informed at its next save that the partition is no longer its own.
 */
export async function setPositions(pool: Pool, all: readonly StagePosition[]): Promise<void> {
  await pool.query(
    `UPDATE checkpoints c SET epoch = epoch + 1, next_offset = n.position, updated_at = now(),
       marker_offset = n.marker_offset, marker_hash = n.marker_hash
     FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bytea[])
       AS n (stage, topic, partition, position, marker_offset, marker_hash)
     WHERE c.stage = n.stage AND c.topic = n.topic AND c.partition = n.partition`,
    [
      all.map(({ stage }) => stage),
      all.map(({ topic }) => topic),
      all.map(({ partition }) => partition),
      all.map(({ position }) => position),
      all.map(({ marker }) => marker?.offset ?? null),
      all.map(({ marker }) => marker?.hash ?? null),
    ],
  );
}
