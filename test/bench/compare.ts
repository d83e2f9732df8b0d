/** Two functions that do the same work, timed in turns; what they make is compared before. */
import { inTurns, printResults, type NotedResult } from './measure.ts';

export interface Contest {
  readonly name: string;
  /** Does the work on so many items. */
  readonly ours: () => unknown;
  readonly theirs: () => unknown;
  readonly items: number;
  /** Calls of ours for one of theirs, so that a sample of each takes milliseconds. */
  readonly ourCalls?: number;
  readonly note: string;
}

/** CPU nanoseconds an item, of both sides. */
export async function compare(contest: Contest): Promise<NotedResult> {
  const { name, items, ourCalls = 1, note } = contest;
  const [ours, theirs] = await inTurns(
    async () => (await cpuNs(contest.ours, ourCalls)) / (ourCalls * items),
    async () => (await cpuNs(contest.theirs, 1)) / items,
  );
  return { name, ours, theirs, unit: 'ns CPU', note };
}

async function cpuNs(work: () => unknown, calls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1_000;
}

/** Run by itself, a benchmark prints its lines. */
export async function printWhenAlone(
  filename: string,
  bench: () => Promise<readonly NotedResult[]>,
): Promise<void> {
  if (process.argv[1] === filename) printResults(await bench());
}
