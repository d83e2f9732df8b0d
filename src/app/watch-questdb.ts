/**
 * Whether QuestDB still holds what was written to it. One that was restored alone, or whose volume
 * was lost, lacks rows that the sink's positions say are there: nobody writes them again by itself.
 *
 * Each table's number of transactions is noted in PostgreSQL. One that has become smaller is an
 * error that stays open until somebody resolves it.
 */
import { monotonicMs } from '../clock.ts';
import { recordError } from '../postgres/tables/errors.ts';
import { readSetting, writeSetting } from '../postgres/tables/settings.ts';
import {
  findLost,
  readTransactions,
  type Lost,
  type Transactions,
} from '../questdb/tables/transactions.ts';
import type { Context } from '../runtime/context.ts';

const SETTING = 'questdb_transactions';
const NOTE_MS = 30_000;
let noteDueMs = 0;

export async function lookAtHistory({ postgres, questdbReader, log }: Context): Promise<void> {
  // In this order: another process may note what has been written in between.
  const had = ((await readSetting(postgres, SETTING)) ?? {}) as Transactions;
  const has = await readTransactions(questdbReader());
  const lost = findLost(had, has);
  for (const one of lost) {
    const error = lossError(one);
    await recordError(postgres, error);
    log.error(one, error.message);
  }
  if (lost.length === 0 && monotonicMs() < noteDueMs) return;
  noteDueMs = monotonicMs() + NOTE_MS;
  await writeSetting(postgres, SETTING, has);
}

const lossError = ({ table, had, has }: Lost) => ({
  key: `questdb-lost:${table}:${had}`,
  severity: 'critical' as const,
  component: 'questdb',
  code: 'taken_back',
  message:
    `QuestDB's ${table} has ${has} transactions and had ${had}: it was restored or made anew, and ` +
    'rows that were written since are not there. Restore PostgreSQL of the same moment beside it: ' +
    'the stages go on from there, and the log gives the rest. Then: tickloom errors resolve ID',
  context: { table, had, has },
});
