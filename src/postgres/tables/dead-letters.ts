/**
 * `dead_letters` and `dead_letter_counts`: what the stages could not take, by place, topic, reason.
 *
 * A stage notes a record once it lies in `dead-letters`. It may do so again after a crash: a place
 * is a row, and only offsets beyond the last one noted are counted.
 */
import type { Pool, PoolClient } from 'pg';
import { plainText, type DeadPlace } from '../../domain/dead-letter.ts';

/** Of a topic and reason; more of the same show nothing new. */
const ROWS_MAX = 1_000;

/** All of it, or nothing of it. In the caller's transaction where there is one. */
export async function noteDead(
  client: Pool | PoolClient,
  places: readonly DeadPlace[],
): Promise<void> {
  if (places.length === 0) return;
  await client.query(
    `WITH seen AS (
       SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[])
         AS s (topic, partition, log_offset, reason, detail)
     ), ranked AS (
       SELECT s.*, row_number() OVER (PARTITION BY s.topic, s.reason
                                      ORDER BY s.partition, s.log_offset)
         + (SELECT count(*) FROM dead_letters d
            WHERE d.topic = s.topic AND d.reason = s.reason) AS rank
       FROM seen s WHERE s.log_offset IS NOT NULL
     ), kept AS (
       INSERT INTO dead_letters (topic, partition, log_offset, reason, detail)
       SELECT topic, partition, log_offset, reason, detail FROM ranked WHERE rank <= $6
       ON CONFLICT DO NOTHING
     )
     INSERT INTO dead_letter_counts AS c
       (topic, partition, reason, records, last_offset, last_detail)
     SELECT topic, partition, reason, count(*), coalesce(max(log_offset), -1), min(detail)
     FROM seen GROUP BY topic, partition, reason
     ON CONFLICT (topic, partition, reason) DO UPDATE SET
       records = c.records + (SELECT count(*) FROM seen s
         WHERE s.topic = c.topic AND s.partition = c.partition AND s.reason = c.reason
           AND (s.log_offset IS NULL OR s.log_offset > c.last_offset)),
       last_offset = greatest(c.last_offset, excluded.last_offset),
       last_detail = excluded.last_detail, last_at = now()`,
    [
      places.map(({ topic }) => topic),
      places.map(({ partition }) => partition),
      places.map(({ offset }) => offset),
      places.map(({ reason }) => reason),
      places.map(({ detail }) => plainText(detail)),
      ROWS_MAX,
    ],
  );
}

export interface DeadCount {
  readonly topic: string;
  readonly reason: string;
  readonly records: number;
  readonly last_detail: string;
  readonly first_at: number;
  readonly last_at: number;
}

/** By topic and reason, the newest first. */
export async function deadCounts(pool: Pool): Promise<DeadCount[]> {
  const { rows } = await pool.query<DeadCount>(
    `SELECT topic, reason, sum(records)::bigint AS records,
       (array_agg(last_detail ORDER BY last_at DESC))[1] AS last_detail,
       min(first_at) AS first_at, max(last_at) AS last_at
     FROM dead_letter_counts GROUP BY topic, reason
     ORDER BY last_at DESC, topic, reason LIMIT 1000`,
  );
  return rows;
}

/** `topic/partition/offset` of those that were sent again. */
export async function resentPlaces(pool: Pool): Promise<Set<string>> {
  const { rows } = await pool.query<{ place: string }>(
    `SELECT topic || '/' || partition || '/' || log_offset AS place FROM dead_letters
     WHERE resent_at IS NOT NULL`,
  );
  return new Set(rows.map(({ place }) => place));
}

/** Where it has no row yet (beyond the cap, or from an older version), it gets one. */
export async function noteResent(pool: Pool, place: DeadPlace): Promise<void> {
  const { topic, partition, offset, reason, detail } = place;
  await pool.query(
    `INSERT INTO dead_letters (topic, partition, log_offset, reason, detail, resent_at)
     VALUES ($1, $2, $3, $4, $5, now())
     ON CONFLICT (topic, partition, log_offset) DO UPDATE SET resent_at = now()`,
    [topic, partition, offset, reason, plainText(detail)],
  );
}
