/**
 * The retention job: drops what `pipelines/retention/retention.ts` finds expired, and says what it
 * did.
 */
import {
  isOldByClock,
  mayGo,
  neededFrom,
  type Partition,
  type RetentionRequest,
} from './retention.ts';
import type { JobData } from '../../src/queue/queue.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { parseDurationUs, US_PER_HOUR } from '../../src/domain/time.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import type { Context } from '../../src/runtime/context.ts';
import { installationTime } from '../../src/runtime/installation-time.ts';
import { finishRun } from '../../src/postgres/tables/job-runs.ts';
import { noteWritten, writtenPartitions } from '../../src/postgres/tables/log-clocks.ts';
import { readSetting } from '../../src/postgres/tables/settings.ts';
import { marketTimes, noteMoved } from '../../src/postgres/tables/stored-watermarks.ts';
import { MARKET_TABLES } from '../../src/questdb/tables/schema.ts';
import { partitionName, type Instrument, type SqlReader } from '../../src/questdb/table.ts';
import { namedRanges } from './named-ranges.ts';

export async function runRetention(context: Context, { subject, dueTs }: JobData): Promise<void> {
  const { postgres } = context;
  const { ages, expired } = await expiredNow(context);
  await drop(context.questdbReader(), expired);
  const dropped = expired.map(partitionPath);
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
      if (!MARKET_TABLES.includes(table) || more.length > 0) {
        throw new RangeError(`"${each}" is not table=age, of ${MARKET_TABLES.join(', ')}`);
      }
      if (parseDurationUs(age) === 0) throw new RangeError(`${each} would keep nothing`);
      return [table, age];
    }),
  );
}

/**
 * What may go now, by the log's clock; `more`: ages to be put over those that are set. Throws while
 * no clock is known: then nobody can say how old anything is.
 */
export async function expiredNow(context: Context, more: Expired['ages'] = {}): Promise<Expired> {
  const set = (await readSetting(context.postgres, 'retention')) as Expired['ages'] | null;
  const ages = { ...set, ...more };
  if (Object.keys(ages).length === 0) return { ages, expired: [] };
  const nowUs = await installationTime(context);
  if (nowUs === null) {
    throw new Error('the log has no clock yet: nothing may go before the stages have run');
  }
  const reader = context.questdbReader();
  const partitions = await listPartitions(context, nowUs);
  const request = await readRequest(context, nowUs, ages);
  const expired: Partition[] = [];
  for (const partition of partitions) {
    if (!isOldByClock(partition, request)) continue;
    if (mayGo(partition, await instrumentsIn(reader, partition), request)) expired.push(partition);
  }
  return { ages, expired };
}

async function readRequest(
  context: Context,
  nowUs: number,
  ages: Expired['ages'],
): Promise<RetentionRequest> {
  const { config, postgres } = context;
  const pending = await context.labelBacklog().pending();
  const specs = [config.labelSpec, ...config.moreLabelSpecs];
  const horizonsUs = specs.map((spec) => parseLabelSpec(spec).horizonUs);
  await noteMoved(postgres, nowUs);
  return {
    maxAgeUs: Object.fromEntries(
      Object.entries(ages).map(([table, age]) => [table, parseDurationUs(age)]),
    ),
    nowUs,
    neededFromUs: neededFrom(nowUs, horizonsUs, pending),
    named: await namedRanges(postgres, Math.max(...horizonsUs)),
    markets: await marketTimes(postgres),
  };
}

/** Drops them. Behind it nobody reads their rows any more. */
export async function drop(reader: SqlReader, expired: readonly Partition[]): Promise<void> {
  for (const { table, name } of expired) {
    await reader.query(`ALTER TABLE ${table} DROP PARTITION LIST '${name}'`);
  }
  await reader.waitApplied([...new Set(expired.map(({ table }) => table))]);
}

export const partitionPath = ({ table, name }: Partition): string => `${table}/${name}`;

/**
 * One that nobody has noted (from before that was kept, or of a table that a job writes) counts as
 * written now, from this look on: too young is harmless, too old is not.
 */
async function listPartitions(context: Context, nowUs: number): Promise<Partition[]> {
  const { postgres } = context;
  const written = await writtenPartitions(postgres);
  const found: Partition[] = [];
  for (const table of MARKET_TABLES) {
    const rows = await context.questdbReader().query<{
      name: string;
      min_ts: number | null;
      max_ts: number | null;
    }>(
      `SELECT name, minTimestamp AS min_ts, maxTimestamp AS max_ts
       FROM table_partitions('${table}') WHERE active = false`,
    );
    for (const { name, min_ts: minTs, max_ts: maxTs } of rows) {
      if (minTs === null || maxTs === null) continue;
      const writtenUs = written.get(`${table}/${partitionName(minTs)}`) ?? null;
      found.push({ table, name, minTs, maxTs, writtenUs });
    }
  }
  const unknown = found.filter(({ writtenUs }) => writtenUs === null);
  await noteWritten(
    postgres,
    unknown.map(({ table, minTs }) => ({
      table,
      partition: partitionName(minTs),
      writtenUs: nowUs + US_PER_HOUR,
    })),
  );
  return found;
}

async function instrumentsIn(
  reader: SqlReader,
  { table, minTs, maxTs }: Partition,
): Promise<string[]> {
  const rows = await reader.query<Instrument>(
    `SELECT DISTINCT venue, symbol FROM ${table}
     WHERE ts BETWEEN cast(${minTs} AS timestamp) AND cast(${maxTs} AS timestamp)`,
  );
  return rows.map(instrumentKey);
}
