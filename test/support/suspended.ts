/** A table of QuestDB that stops applying its log, as by a broken disk, and what ends that. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../src/assert.ts';
import { formatUs, US_PER_DAY } from '../../src/domain/time.ts';
import type { Context } from '../../src/processes/context.ts';
import { heartbeats } from '../../src/tables/questdb/heartbeats.ts';
import { until } from './until.ts';

/** What the rows that suspend it are of. */
export const SUSPENDED_VENUE = 'suspended';
const TRIES = 30;
const TRY_MS = 4_000;

/**
 * Suspends `heartbeats` by a row of a day behind `atUs`, of which there must be none yet: a file
 * lies where the folder of that day should be. Resolves once it is so, with what mends it.
 *
 * Where rows flow, QuestDB may apply ours together with others, and then gives the folder another
 * name: it is tried with one day after the other.
 */
export async function suspendTable(
  context: Context,
  table: 'heartbeats',
  atUs: number,
): Promise<() => Promise<void>> {
  const reader = context.questdbReader();
  const dir = join(context.config.dataDir, 'questdb', 'db');
  const folder = must(readdirSync(dir).find((name) => name.split('~')[0] === table));
  const days: string[] = [];
  const isSuspended = async (): Promise<boolean> =>
    (await reader.query('SELECT name FROM wal_tables() WHERE suspended')).length > 0;
  for (let tried = 1; ; tried++) {
    const ts = atUs + tried * US_PER_DAY;
    const day = join(dir, folder, formatUs(ts).slice(0, 10));
    writeFileSync(day, '', { flag: 'wx' });
    days.push(day);
    const beat = { venue: SUSPENDED_VENUE, symbol: 'A/USD', ts, known_at: ts };
    await context.questdbWriter().write(heartbeats, [beat]);
    try {
      await until(`${table} is suspended`, isSuspended, TRY_MS);
      break;
    } catch (error) {
      if (tried === TRIES) throw error;
    }
  }
  return async () => {
    for (const day of days) rmSync(day, { force: true });
    await reader.query(`ALTER TABLE ${table} RESUME WAL`);
  };
}
