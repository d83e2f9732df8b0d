/** The retention job: drops what `pipelines/retention.ts` finds expired, and says what it did. */
import { expiredPartitions, neededFrom, type Partition } from '../../pipelines/retention.ts';
import type { JobData } from '../adapters/queue.ts';
import { parseLabelSpec } from '../domain/label-spec.ts';
import { parseDurationUs } from '../domain/time.ts';
import type { Context } from '../processes/context.ts';
import { finishRun } from '../tables/postgres/job-runs.ts';
import type { SqlReader } from '../tables/questdb/table.ts';

const TABLES = ['ticks', 'quotes', 'heartbeats', 'candles', 'features', 'predictions', 'labels'];

export async function runRetention(context: Context, { subject, dueTs }: JobData): Promise<void> {
  const { postgres, config } = context;
  const reader = context.questdbReader();
  const { rows } = await postgres.query<{ value: Record<string, string> }>(
    `SELECT value FROM settings WHERE name = 'retention'`,
  );
  const ages = Object.entries(rows[0]?.value ?? {});
  const pending = await context.labelBacklog().pending();
  const specs = [config.labelSpec, ...config.moreLabelSpecs];
  const horizonsUs = specs.map((spec) => parseLabelSpec(spec).horizonUs);
  const expired = expiredPartitions({
    partitions: ages.length === 0 ? [] : await partitionsOf(reader),
    maxAgeUs: Object.fromEntries(ages.map(([table, age]) => [table, parseDurationUs(age)])),
    nowUs: dueTs,
    neededFromUs: neededFrom(dueTs, horizonsUs, pending),
  });
  for (const { table, name } of expired) {
    await reader.query(`ALTER TABLE ${table} DROP PARTITION LIST '${name}'`);
  }
  const dropped = expired.map(({ table, name }) => `${table}/${name}`);
  const reason =
    ages.length === 0 ? 'no ages are set: everything is kept' : `${dropped.length} dropped`;
  await finishRun(postgres, { job: 'retention', subject, due_ts: dueTs }, 'done', {
    reason,
    dropped,
  });
}

async function partitionsOf(reader: SqlReader): Promise<Partition[]> {
  const found: Partition[] = [];
  for (const table of TABLES) {
    const rows = await reader.query<{ name: string; max_ts: number | null }>(
      `SELECT name, maxTimestamp AS max_ts FROM table_partitions('${table}') WHERE active = false`,
    );
    for (const { name, max_ts } of rows)
      if (max_ts !== null) found.push({ table, name, maxTs: max_ts });
  }
  return found;
}
