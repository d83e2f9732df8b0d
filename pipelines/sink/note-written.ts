/** Rows that a job has written -> when their partitions were last written to, for retention. */
import { partitionName } from '../../src/questdb/table.ts';
import type { Context } from '../../src/runtime/context.ts';
import { installationTime } from '../../src/runtime/installation-time.ts';
import { noteWritten } from '../../src/postgres/tables/log-clocks.ts';

/** Without a clock nothing is noted: retention counts what it does not know as young. */
export async function noteJobRows(
  context: Context,
  table: string,
  rows: readonly { readonly ts: number }[],
): Promise<void> {
  const writtenUs = await installationTime(context);
  if (writtenUs === null) return;
  const days = new Set(rows.map(({ ts }) => partitionName(ts)));
  await noteWritten(
    context.postgres,
    [...days].map((partition) => ({ table, partition, writtenUs })),
  );
}
