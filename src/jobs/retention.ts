/** The retention job: drops what `pipelines/retention.ts` finds expired, and says what it did. */
import { expiredPartitions, neededFrom, type Partition } from '../../pipelines/retention.ts';
import type { JobData } from '../adapters/queue.ts';
import { parseLabelSpec } from '../domain/label-spec.ts';
import { parseDurationUs } from '../domain/time.ts';
import type { Context } from '../processes/context.ts';
import { finishRun } from '../tables/postgres/job-runs.ts';
import { readSetting } from '../tables/postgres/settings.ts';
import type { SqlReader } from '../tables/questdb/table.ts';

/** Those that have an age. */
export const TABLES = [
  'ticks',
  'quotes',
  'heartbeats',
  'candles',
  'features',
  'predictions',
  'labels',
];

export async function runRetention(context: Context, { subject, dueTs }: JobData): Promise<void> {
  const { postgres } = context;
  const { ages, expired } = await expiredAt(context, dueTs);
  await drop(context, expired);
  const dropped = expired.map(nameOf);
  const isAny = Object.keys(ages).length > 0;
  const reason = isAny ? `${dropped.length} dropped` : KEEPS_ALL;
  await finishRun(postgres, { job: 'retention', subject, due_ts: dueTs }, 'done', {
    reason,
    dropped,
  });
}

export const KEEPS_ALL = 'no ages are set: everything is kept';

export interface Expired {
  /** As they are set: table -> age, such as `90d`. */
  readonly ages: Readonly<Record<string, string>>;
  readonly expired: readonly Partition[];
}

/** `ticks=90d,quotes=30d` -> ages by table. Throws on a table that has none, and on no duration. */
export function parseAges(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((each) => {
      const [table = '', age = '', ...more] = each.trim().split('=');
      if (!TABLES.includes(table) || more.length > 0) {
        throw new RangeError(`"${each}" is not table=age, of ${TABLES.join(', ')}`);
      }
      parseDurationUs(age);
      return [table, age];
    }),
  );
}

/** What may go at `nowTs`, event time; `more`: ages to be put over those that are set. */
export async function expiredAt(
  context: Context,
  nowTs: number,
  more: Expired['ages'] = {},
): Promise<Expired> {
  const { config } = context;
  const set = (await readSetting(context.postgres, 'retention')) as Expired['ages'] | null;
  const ages = { ...set, ...more };
  if (Object.keys(ages).length === 0) return { ages, expired: [] };
  const pending = await context.labelBacklog().pending();
  const specs = [config.labelSpec, ...config.moreLabelSpecs];
  const horizonsUs = specs.map((spec) => parseLabelSpec(spec).horizonUs);
  const expired = expiredPartitions({
    partitions: await partitionsOf(context.questdbReader()),
    maxAgeUs: Object.fromEntries(
      Object.entries(ages).map(([table, age]) => [table, parseDurationUs(age)]),
    ),
    nowUs: nowTs,
    neededFromUs: neededFrom(nowTs, horizonsUs, pending),
  });
  return { ages, expired };
}

export async function drop(context: Context, expired: readonly Partition[]): Promise<void> {
  const reader = context.questdbReader();
  for (const { table, name } of expired) {
    await reader.query(`ALTER TABLE ${table} DROP PARTITION LIST '${name}'`);
  }
}

export const nameOf = ({ table, name }: Partition): string => `${table}/${name}`;

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
