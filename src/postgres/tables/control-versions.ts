/** `control_versions`: the newest control records in the log, and how far it was read for them. */
import type { Pool } from 'pg';
import { inTransaction } from '../postgres.ts';
import type { Control } from '../../domain/wire.ts';

/** A control record in the log that has a version. */
export type Versioned = Control & { readonly version: number };

export interface ControlScan {
  readonly topic: string;
  /** By partition: behind what was read. */
  readonly ends: ReadonlyMap<number, number>;
  /** The newest of each type and subject. */
  readonly newest: readonly Versioned[];
  /** Records that are in every partition. */
  readonly everywhere: readonly string[];
}

/** By partition of `ticks`: from where on it may hold records that PostgreSQL does not know. */
export async function scanStarts(pool: Pool, topic: string): Promise<Map<number, number>> {
  const { rows } = await pool.query<{ partition: number; next_offset: string }>(
    `SELECT partition, next_offset FROM control_scans WHERE topic = $1
     UNION ALL
     SELECT partition, max(log_offset) + 1 FROM control_places
     WHERE NOT EXISTS (SELECT FROM control_scans WHERE topic = $1) GROUP BY partition`,
    [topic],
  );
  return new Map(rows.map(({ partition, next_offset }) => [partition, Number(next_offset)]));
}

/** Notes what the log holds; versions only rise. What is in every partition is no longer due. */
export function noteScan(pool: Pool, scan: ControlScan): Promise<void> {
  return inTransaction(pool, async (client) => {
    for (const { type, subject, version, control_id, body } of scan.newest) {
      await client.query(
        `INSERT INTO control_versions AS v (type, subject, version, control_id, body)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (type, subject) DO UPDATE SET version = excluded.version,
           control_id = excluded.control_id, body = excluded.body
         WHERE v.version < excluded.version`,
        [type, subject, version, control_id, body],
      );
    }
    await client.query(
      `UPDATE control_outbox SET state = 'sent', sent_at = now()
       WHERE state = 'due' AND control_id = ANY($1::text[])`,
      [scan.everywhere],
    );
    await client.query(
      `INSERT INTO control_scans (topic, partition, next_offset)
       SELECT $1, * FROM unnest($2::integer[], $3::bigint[])
       ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset`,
      [scan.topic, [...scan.ends.keys()], [...scan.ends.values()]],
    );
  });
}

/**
 * Gives every record that waits and would be void a newer version, in the order of their making.
 * The record that has the newest version in the log keeps it: it is only sent again.
 */
export function renumberDue(pool: Pool): Promise<number> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ seq: string; type: string; subject: string }>(
      `SELECT seq, o.type, o.subject FROM control_outbox o
       JOIN control_versions v ON v.type = o.type AND v.subject = o.subject
       WHERE o.state = 'due' AND o.version <= v.version AND o.control_id <> v.control_id
       ORDER BY seq FOR UPDATE OF o`,
    );
    for (const { seq, type, subject } of rows) {
      await client.query(
        `UPDATE control_outbox SET version = 1 + greatest(
           (SELECT max(version) FROM control_outbox WHERE type = $2 AND subject = $3),
           (SELECT version FROM control_versions WHERE type = $2 AND subject = $3))
         WHERE seq = $1`,
        [seq, type, subject],
      );
    }
    return rows.length;
  });
}
