/**
 * What a tick or an as-of barrier of the future has spoilt, from before the log's clock bounded
 * them -> what there is, and everything made again from the log
 *
 * A poisoned instrument calls each later tick late, because its watermark lies years ahead; a
 * raised barrier makes all behind it known then. Both are states that follow from the log, and by
 * today's rule the log says otherwise: so the partitions that hold such a state are read again from
 * their beginning. The same bytes come out for every healthy instrument, and are absorbed.
 */
import type { Pool } from 'pg';
import { withAdmin } from '../kafka/kafka.ts';
import { inTransaction } from '../postgres/postgres.ts';
import { AHEAD_MAX_US, type ControlState } from '../domain/control.ts';
import { formatUs } from '../domain/time.ts';
import { decodeState } from '../stream/state-codec.ts';
import { MARKET_TABLES } from '../questdb/tables/schema.ts';
import type { Context } from '../runtime/context.ts';
import { installationTime } from '../runtime/installation-time.ts';

export interface SpoiltPartition {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  /** The as-of barrier in its state, where that is of the future. */
  readonly barrierTs: number | null;
  /** Instruments whose watermark is of the future. */
  readonly instruments: readonly string[];
}

export interface SpoiltTable {
  readonly table: string;
  /** The partition of QuestDB, all of whose rows are of the future. */
  readonly name: string;
  readonly rows: number;
}

export interface RepairPlan {
  readonly nowUs: number;
  readonly partitions: readonly SpoiltPartition[];
  readonly tables: readonly SpoiltTable[];
  /** Instruments that are noted as stored up to a time of the future. */
  readonly watermarks: readonly string[];
  /** Jobs that are due in the future. */
  readonly runs: number;
}

/** What there is to repair. Throws while the log has no clock. */
export async function planRepair(context: Context): Promise<RepairPlan> {
  const { postgres } = context;
  const nowUs = await installationTime(context);
  if (nowUs === null) throw new Error('the log has no clock yet: start the stages first');
  const byUs = nowUs + AHEAD_MAX_US;
  const { rows: ahead } = await postgres.query<{ instrument: string }>(
    'SELECT instrument FROM stored_watermarks WHERE reached_ts > $1 ORDER BY 1',
    [byUs],
  );
  const { rows: due } = await postgres.query<{ runs: number }>(
    `SELECT count(*) AS runs FROM job_runs WHERE due_ts > $1 AND state IN ('due', 'running')`,
    [formatUs(byUs)],
  );
  const watermarks = ahead.map(({ instrument }) => instrument);
  return {
    nowUs,
    partitions: await spoiltPartitions(postgres, byUs),
    tables: await spoiltTables(context, byUs),
    watermarks,
    runs: due[0]?.runs ?? 0,
  };
}

async function spoiltPartitions(postgres: Pool, byUs: number): Promise<SpoiltPartition[]> {
  const { rows } = await postgres.query<{
    stage: string;
    topic: string;
    partition: number;
    state: Buffer | null;
  }>(
    `SELECT stage, topic, partition, state FROM checkpoints
     WHERE stage IN ('stream', 'sink') ORDER BY 1, 2, 3`,
  );
  const spoilt: SpoiltPartition[] = [];
  for (const { stage, topic, partition, state } of rows) {
    if (state === null) continue;
    const { cut } = decodeState<ControlState>(state);
    const instruments = await spoiltInstruments(postgres, { stage, topic, partition }, byUs);
    const barrierTs = cut > byUs ? cut : null;
    if (barrierTs === null && instruments.length === 0) continue;
    spoilt.push({ stage, topic, partition, barrierTs, instruments });
  }
  return spoilt;
}

async function spoiltInstruments(
  postgres: Pool,
  { stage, topic, partition }: Pick<SpoiltPartition, 'stage' | 'topic' | 'partition'>,
  byUs: number,
): Promise<string[]> {
  const { rows } = await postgres.query<{ instrument: string; state: Buffer }>(
    `SELECT instrument, state FROM operator_state
     WHERE stage = $1 AND topic = $2 AND partition = $3 ORDER BY 1`,
    [stage, topic, partition],
  );
  return rows.flatMap(({ instrument, state }) => {
    const { maxTs, knownAt } = reachedIn(decodeState<StoredState>(state));
    return maxTs > byUs || knownAt > byUs ? [instrument] : [];
  });
}

interface Reached {
  readonly maxTs: number;
  readonly knownAt: number;
}

/** The sink keeps an ingest state, the stream a chain that begins with one. */
type StoredState = Reached | { readonly intake: Reached };

const reachedIn = (state: StoredState): Reached => ('intake' in state ? state.intake : state);

async function spoiltTables(context: Context, byUs: number): Promise<SpoiltTable[]> {
  const spoilt: SpoiltTable[] = [];
  for (const table of [...MARKET_TABLES, 'quality_events']) {
    const rows = await context.questdbReader().query<{ name: string; rows: number }>(
      `SELECT name, numRows AS rows FROM table_partitions('${table}')
       WHERE minTimestamp > cast(${byUs} AS timestamp)`,
    );
    for (const { name, rows: n } of rows) spoilt.push({ table, name, rows: n });
  }
  return spoilt;
}

export const isNothing = ({ partitions, tables, watermarks, runs }: RepairPlan): boolean =>
  partitions.length + tables.length + watermarks.length + runs === 0;

/**
 * Does it: both stages read the spoilt partitions again from the beginning of the log. A process
 * that holds one is fenced, ends, and is started again by whoever supervises it.
 */
export async function repair(context: Context, plan: RepairPlan, actor: string): Promise<void> {
  const { postgres } = context;
  const places = await beginnings(context, plan);
  const byUs = plan.nowUs + AHEAD_MAX_US;
  await inTransaction(postgres, async (client) => {
    for (const { topic, partition, first } of places) {
      const of = [topic, partition];
      await client.query(
        `UPDATE checkpoints SET epoch = epoch + 1, next_offset = $3, state = NULL,
           marker_offset = NULL, marker_hash = NULL
         WHERE stage IN ('stream', 'sink') AND topic = $1 AND partition = $2`,
        [...of, first],
      );
      await client.query(
        `DELETE FROM operator_state
         WHERE stage IN ('stream', 'sink') AND topic = $1 AND partition = $2`,
        of,
      );
    }
    await client.query('DELETE FROM stored_watermarks WHERE reached_ts > $1', [byUs]);
    await client.query(
      `UPDATE job_runs SET state = 'failed', finished_at = now(),
         detail = detail || '{"reason": "it was due in the future; tickloom repair ended it"}'
       WHERE due_ts > $1 AND state IN ('due', 'running')`,
      [formatUs(byUs)],
    );
    await client.query(
      `INSERT INTO audit_log (actor, action, subject, detail) VALUES ($1, 'repair', 'log', $2)`,
      [actor, plan],
    );
  });
  for (const { table, name } of plan.tables) {
    await context.questdbReader().query(`ALTER TABLE ${table} DROP PARTITION LIST '${name}'`);
  }
}

interface Beginning {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that the log still holds. */
  readonly first: number;
}

/** Where the log begins, of every partition that is spoilt. */
async function beginnings({ kafka }: Context, plan: RepairPlan): Promise<Beginning[]> {
  const topics = [...new Set(plan.partitions.map(({ topic }) => topic))];
  const spoilt = new Set(plan.partitions.map(({ topic, partition }) => `${topic}/${partition}`));
  return withAdmin(kafka, async (admin) => {
    const found: Beginning[] = [];
    for (const topic of topics) {
      for (const { partition, low } of await admin.fetchTopicOffsets(topic)) {
        if (spoilt.has(`${topic}/${partition}`)) {
          found.push({ topic, partition, first: Number(low) });
        }
      }
    }
    return found;
  });
}
