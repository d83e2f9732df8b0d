/** A table of QuestDB that stops applying its log, as by a broken disk, and what ends that. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../src/assert.ts';
import { formatUs, US_PER_DAY } from '../../src/domain/time.ts';
import type { Context } from '../../src/runtime/context.ts';
import { heartbeats } from '../../src/questdb/tables/heartbeats.ts';
import { until } from './until.ts';

/** What the rows that suspend it are of. */
export const SUSPENDED_VENUE = 'suspended';
/** So many transactions may be applied before ours. */
const TRANSACTIONS = 2_000;

/**
 * Suspends `heartbeats` by a row of the day behind `atUs`, of which there must be none yet: a file
 * lies where the folder of that day should be. Resolves once it is so, with what mends it.
 *
 * Where rows flow, QuestDB applies ours together with others, and the folder's name then ends with
 * the number of a transaction: a file lies in the place of each that it can be.
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
  const [state] = await reader.query<{ applied: number }>(
    `SELECT writerTxn AS applied FROM wal_tables() WHERE name = $1`,
    [table],
  );
  const to = must(state).applied + TRANSACTIONS;
  const files = [day];
  for (let n = 0; n < to; n++) files.push(`${day}.${n}`);
  for (const file of files) writeFileSync(file, '', { flag: 'wx' });
  const beat = { venue: SUSPENDED_VENUE, symbol: 'A/USD', ts, known_at: ts };
  await context.questdbWriter().write(heartbeats, [beat]);
  const isSuspended = async (): Promise<boolean> =>
    (await reader.query('SELECT name FROM wal_tables() WHERE suspended')).length > 0;
  await until(`${table} is suspended`, isSuspended);
  return async () => {
    for (const file of files) rmSync(file, { force: true });
    await reader.query(`ALTER TABLE ${table} RESUME WAL`);
  };
}
