/** A table of QuestDB that stops applying its log, as by a broken disk, and what ends that. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../src/assert.ts';
import { formatUs, US_PER_DAY } from '../../src/domain/time.ts';
import type { Context } from '../../src/processes/context.ts';
import { heartbeats } from '../../src/tables/questdb/heartbeats.ts';
import { until } from './until.ts';

/**
 * Suspends `heartbeats` by a row of the day behind `atUs`, which must have none yet: a file lies
 * where the folder of that day should be. Resolves once it is so, with what mends it.
 */
export async function suspendTable(
  context: Context,
  table: 'heartbeats',
  atUs: number,
): Promise<() => Promise<void>> {
  const reader = context.questdbReader();
  const dir = join(context.config.dataDir, 'questdb', 'db');
  const folder = must(readdirSync(dir).find((name) => name.split('~')[0] === table));
  const ts = atUs + US_PER_DAY;
  const day = join(dir, folder, formatUs(ts).slice(0, 10));
  writeFileSync(day, '', { flag: 'wx' });
  const beat = { venue: 'suspended', symbol: 'A/USD', ts, known_at: ts };
  await context.questdbWriter().write(heartbeats, [beat]);
  const isSuspended = async (): Promise<boolean> =>
    (await reader.query('SELECT name FROM wal_tables() WHERE suspended')).length > 0;
  await until(`${table} is suspended`, isSuspended);
  return async () => {
    rmSync(day, { force: true });
    await reader.query(`ALTER TABLE ${table} RESUME WAL`);
  };
}
