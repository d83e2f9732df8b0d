/**
 * `checkpoints` and `operator_state`: where a stage stands in a partition and what it knows there.
 *
 * Offset, the record before it, epoch and every changed instrument are written in one transaction,
 * and only while the epoch is still the writer's: a process that lost its partition cannot
 * overwrite its successor.
 */
import type { Pool } from 'pg';
import { inTransaction } from '../postgres.ts';
import type { Checkpoint, CheckpointStore, CheckpointWrite } from '../../stream/stage.ts';

const ROWS_PER_INSERT = 500;

export class PostgresCheckpoints implements CheckpointStore {
  private readonly pool: Pool;
  private readonly stage: string;
  private readonly owner: string;

  constructor(pool: Pool, stage: string, owner: string) {
    this.pool = pool;
    this.stage = stage;
    this.owner = owner;
  }

  async claim(topic: string, partition: number): Promise<Checkpoint> {
    const { rows } = await this.pool.query<{
      epoch: string;
      next_offset: string;
      state: Buffer | null;
      marker_offset: string | null;
      marker_hash: Buffer | null;
    }>(
      `INSERT INTO checkpoints (stage, topic, partition, epoch, next_offset, owner, updated_at)
       VALUES ($1, $2, $3, 1, 0, $4, now())
       ON CONFLICT (stage, topic, partition) DO UPDATE
         SET epoch = checkpoints.epoch + 1, owner = excluded.owner, updated_at = now()
       RETURNING epoch, next_offset, state, marker_offset, marker_hash`,
      [this.stage, topic, partition, this.owner],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('a claim returns its row');
    const states = await this.pool.query<{ instrument: string; state: Buffer }>(
      `SELECT instrument, state FROM operator_state
       WHERE stage = $1 AND topic = $2 AND partition = $3`,
      [this.stage, topic, partition],
    );
    return {
      epoch: Number(row.epoch),
      nextOffset: Number(row.next_offset),
      marker:
        row.marker_hash === null
          ? null
          : { offset: Number(row.marker_offset), hash: row.marker_hash },
      partitionState: row.state,
      instrumentStates: new Map(states.rows.map((r) => [r.instrument, r.state])),
    };
  }

  async save(
    topic: string,
    partition: number,
    write: CheckpointWrite,
  ): Promise<'saved' | 'fenced'> {
    return inTransaction(this.pool, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE checkpoints SET next_offset = $5, state = $6, updated_at = now(),
           marker_offset = $7, marker_hash = $8
         WHERE stage = $1 AND topic = $2 AND partition = $3 AND epoch = $4`,
        [
          this.stage,
          topic,
          partition,
          write.epoch,
          write.nextOffset,
          write.partitionState,
          write.marker?.offset ?? null,
          write.marker?.hash ?? null,
        ],
      );
      if (rowCount === 0) return 'fenced';
      const entries = [...write.instrumentStates];
      for (let at = 0; at < entries.length; at += ROWS_PER_INSERT) {
        const slice = entries.slice(at, at + ROWS_PER_INSERT);
        await client.query(
          `INSERT INTO operator_state (stage, topic, partition, instrument, state)
           SELECT $1, $2, $3, * FROM unnest($4::text[], $5::bytea[])
           ON CONFLICT (stage, topic, partition, instrument) DO UPDATE SET state = excluded.state`,
          [this.stage, topic, partition, slice.map(([name]) => name), slice.map(([, s]) => s)],
        );
      }
      return 'saved';
    });
  }
}

export interface CheckpointAge {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly ageS: number;
}

/** How long ago each stage saved where it stands. */
export async function checkpointAges(pool: Pool): Promise<CheckpointAge[]> {
  const { rows } = await pool.query<CheckpointAge>(
    `SELECT stage, topic, partition,
       extract(epoch FROM now() - updated_at)::double precision AS "ageS"
     FROM checkpoints ORDER BY stage, topic, partition`,
  );
  return rows;
}
