/**
 * Writes of a table that come at once, or while another is under way -> one write of them all
 *
 * The partitions of a topic are worked on side by side, and each holds its own part of the same
 * minutes. In requests of their own, every one reaches back into time that the one before has just
 * been sorted into; together they are one ordered stretch, and QuestDB takes a row for three
 * quarters of the cost.
 */
import type { QuestTable, Rejected, RowWriter, WriteOptions } from '../tables/questdb/table.ts';

interface Write {
  readonly rows: readonly object[];
  readonly heartbeat: WriteOptions['heartbeat'];
  readonly resolve: (rejected: Rejected<object>[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Queue {
  waiting: Write[];
  isBusy: boolean;
}

/**
 * Writes through `writer`, one request of a table at a time. A failure fails every write that went
 * with it; each is given back its own refused rows. A write with a signal of its own goes alone.
 */
export function mergedWrites(writer: RowWriter): RowWriter {
  const queues = new Map<string, Queue>();

  async function work(table: QuestTable<object>, queue: Queue): Promise<void> {
    queue.isBusy = true;
    while (queue.waiting.length > 0) {
      // Whoever has rows in this turn of the event loop comes along.
      await new Promise((resolve) => setImmediate(resolve));
      const together = queue.waiting;
      queue.waiting = [];
      const heartbeat = async (): Promise<void> => {
        for (const write of [...together, ...queue.waiting]) await write.heartbeat?.();
      };
      await writeTogether(writer, table, together, heartbeat);
    }
    queue.isBusy = false;
  }

  return {
    write(table, rows, options = {}) {
      if (options.signal !== undefined) return writer.write(table, rows, options);
      return new Promise((resolve, reject) => {
        const queue = queues.get(table.name) ?? { waiting: [], isBusy: false };
        queues.set(table.name, queue);
        queue.waiting.push({
          rows,
          heartbeat: options.heartbeat,
          resolve: (rejected) => resolve(rejected as Rejected<(typeof rows)[number]>[]),
          reject,
        });
        if (!queue.isBusy) void work(table as object as QuestTable<object>, queue);
      });
    },
  };
}

async function writeTogether(
  writer: RowWriter,
  table: QuestTable<object>,
  writes: readonly Write[],
  heartbeat: () => Promise<void>,
): Promise<void> {
  try {
    const rejected = await writer.write(table, rowsOf(writes), { heartbeat });
    for (const { rows, resolve } of writes) resolve(ownOf(rows, rejected));
  } catch (error) {
    for (const { reject } of writes) reject(error);
  }
}

function rowsOf(writes: readonly Write[]): readonly object[] {
  const [only] = writes;
  return writes.length === 1 && only !== undefined
    ? only.rows
    : writes.flatMap(({ rows }) => rows as object[]);
}

/** Rows are told apart as objects: two writes may well hold equal ones. */
function ownOf(rows: readonly object[], rejected: readonly Rejected<object>[]): Rejected<object>[] {
  if (rejected.length === 0) return [];
  const own = new Set(rows);
  return rejected.filter(({ row }) => own.has(row));
}
