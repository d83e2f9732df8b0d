/** Rows that a job has made -> QuestDB, and when their partitions were written to, for retention. */
import { partitionName, type QuestTable } from '../../src/questdb/table.ts';
import type { Context } from '../../src/runtime/context.ts';
import { installationTime } from '../../src/runtime/installation-time.ts';
import { noteWritten } from '../../src/postgres/tables/log-clocks.ts';

/** Throws where QuestDB refuses a row. */
export async function writeJobRows<Row extends { readonly ts: number }>(
  context: Context,
  table: QuestTable<Row>,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const rejected = await context.questdbWriter().write(table, rows);
  if (rejected.length > 0) throw new Error(`${table.name} refused: ${rejected[0]?.message}`);
  // Without a clock nothing is noted: retention counts what it does not know as young.
  const writtenUs = await installationTime(context);
  if (writtenUs === null) return;
  const days = new Set(rows.map(({ ts }) => partitionName(ts)));
  await noteWritten(
    context.postgres,
    [...days].map((partition) => ({ table: table.name, partition, writtenUs })),
  );
}
