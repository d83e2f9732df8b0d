/** `partition_clocks`, `written_partitions`: the log's clock, and when QuestDB was written to. */
import type { Pool } from 'pg';

/** The clock of one partition of the log; null where none came by. Microseconds. */
export interface PartitionClock {
  readonly topic: string;
  readonly partition: number;
  readonly clockUs: number | null;
  readonly heldUs: number | null;
}

/** A partition of a QuestDB table, and when its newest row was written by the log's clock. */
export interface WrittenPartition {
  readonly table: string;
  readonly partition: string;
  readonly writtenUs: number;
}

export async function noteClock(
  pool: Pool,
  { topic, partition, clockUs, heldUs }: PartitionClock,
): Promise<void> {
  await pool.query(
    `INSERT INTO partition_clocks (topic, partition, clock_us, held_us) VALUES ($1, $2, $3, $4)
     ON CONFLICT (topic, partition) DO UPDATE
       SET clock_us = excluded.clock_us, held_us = excluded.held_us`,
    [topic, partition, clockUs, heldUs],
  );
}

/** Of every partition of the topic that has passed one, in their order. */
export async function partitionClocks(pool: Pool, topic: string): Promise<PartitionClock[]> {
  const { rows } = await pool.query<PartitionClock>(
    `SELECT topic, partition, clock_us AS "clockUs", held_us AS "heldUs" FROM partition_clocks
     WHERE topic = $1 ORDER BY partition`,
    [topic],
  );
  return rows;
}

/**
 * The installation's time: the lowest clock of the topic's `partitions`; null while one of them
 * has passed none.
 */
export async function installationClock(
  pool: Pool,
  topic: string,
  partitions: number,
): Promise<number | null> {
  const clocks = (await partitionClocks(pool, topic)).slice(0, partitions);
  const times = clocks.flatMap(({ clockUs }) => (clockUs === null ? [] : [clockUs]));
  return times.length < partitions ? null : Math.min(...times);
}

/** Never moves one back. */
export async function noteWritten(pool: Pool, parts: readonly WrittenPartition[]): Promise<void> {
  if (parts.length === 0) return;
  await pool.query(
    `INSERT INTO written_partitions AS w (table_name, partition, written_us)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) ORDER BY 1, 2
     ON CONFLICT (table_name, partition) DO UPDATE
       SET written_us = greatest(w.written_us, excluded.written_us)`,
    [
      parts.map(({ table }) => table),
      parts.map(({ partition }) => partition),
      parts.map(({ writtenUs }) => writtenUs),
    ],
  );
}

/** By `table/partition`. */
export async function writtenPartitions(pool: Pool): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ name: string; written_us: number }>(
    `SELECT table_name || '/' || partition AS name, written_us FROM written_partitions`,
  );
  return new Map(rows.map(({ name, written_us }) => [name, written_us]));
}
