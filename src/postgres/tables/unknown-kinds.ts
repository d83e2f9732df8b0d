/**
 * `unknown_kinds`: kinds of records that no stage of this version knows, by name, with counts.
 *
 * Such a record is no fault: a newer producer may add kinds. But a typo in a `kind` looks the same,
 * so each is listed. A place counts once, however often it is read.
 */
import type { Pool, PoolClient } from 'pg';
import type { KindPlace } from '../../domain/dead-letter.ts';

/** Whoever writes a new kind into every record must not fill the table. */
const KINDS_MAX = 200;
const OTHERS = '(others)';

export async function noteKinds(
  client: Pool | PoolClient,
  places: readonly KindPlace[],
): Promise<void> {
  if (places.length === 0) return;
  const bounded = await withinBounds(client, places);
  await client.query(
    `WITH seen AS (
       SELECT topic, partition, log_offset, kind, sum(records) AS records
       FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::bigint[])
         AS s (topic, partition, log_offset, kind, records)
       GROUP BY topic, partition, log_offset, kind
     )
     INSERT INTO unknown_kinds AS k (topic, partition, kind, records, first_offset, last_offset)
     SELECT topic, partition, kind, sum(records), min(log_offset), max(log_offset)
     FROM seen GROUP BY topic, partition, kind
     ON CONFLICT (topic, partition, kind) DO UPDATE SET
       records = k.records + (SELECT coalesce(sum(s.records), 0) FROM seen s
         WHERE s.topic = k.topic AND s.partition = k.partition AND s.kind = k.kind
           AND s.log_offset > k.last_offset),
       last_at = CASE WHEN excluded.last_offset > k.last_offset THEN now() ELSE k.last_at END,
       last_offset = greatest(k.last_offset, excluded.last_offset)`,
    [
      bounded.map(({ topic }) => topic),
      bounded.map(({ partition }) => partition),
      bounded.map(({ offset }) => offset),
      bounded.map(({ kind }) => kind),
      bounded.map(({ records }) => records),
    ],
  );
}

async function withinBounds(
  client: Pool | PoolClient,
  places: readonly KindPlace[],
): Promise<KindPlace[]> {
  const { rows } = await client.query<{ topic: string; kind: string }>(
    'SELECT DISTINCT topic, kind FROM unknown_kinds WHERE topic = ANY($1)',
    [[...new Set(places.map(({ topic }) => topic))]],
  );
  const known = new Map<string, Set<string>>();
  const of = (topic: string): Set<string> => {
    const kinds = known.get(topic) ?? new Set();
    known.set(topic, kinds);
    return kinds;
  };
  for (const { topic, kind } of rows) of(topic).add(kind);
  return places.map((place) => {
    const kinds = of(place.topic);
    if (!kinds.has(place.kind) && kinds.size >= KINDS_MAX) return { ...place, kind: OTHERS };
    kinds.add(place.kind);
    return place;
  });
}

export interface UnknownKind {
  readonly topic: string;
  readonly kind: string;
  readonly records: number;
  /** `topic/partition/offset`. */
  readonly first_place: string;
  readonly first_at: number;
  readonly last_place: string;
  readonly last_at: number;
}

/** By topic and kind, the newest first. */
export async function unknownKinds(pool: Pool): Promise<UnknownKind[]> {
  const { rows } = await pool.query<UnknownKind>(
    `SELECT topic, kind, sum(records)::bigint AS records,
       (array_agg(topic || '/' || partition || '/' || first_offset
                  ORDER BY first_at, partition))[1] AS first_place,
       min(first_at) AS first_at,
       (array_agg(topic || '/' || partition || '/' || last_offset
                  ORDER BY last_at DESC, partition))[1] AS last_place,
       max(last_at) AS last_at
     FROM unknown_kinds GROUP BY topic, kind ORDER BY last_at DESC, topic, kind LIMIT 1000`,
  );
  return rows;
}
