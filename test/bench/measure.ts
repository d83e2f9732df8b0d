/**
 * How two ways of doing the same are compared. CPU time, because the box is shared; in turns and by
 * the median, because its speed is not the same from one second to the next.
 */
import { setImmediate } from 'node:timers/promises';
/** `theirs` is NaN where the peer could not be run here, and `note` says why. */
export interface NotedResult {
  readonly name: string;
  readonly ours: number;
  readonly theirs: number;
  readonly unit: string;
  readonly note: string;
}

/** Does a round's work once, and gives the CPU nanoseconds that it took. */
export type Side = (round: number) => number | Promise<number>;

const ROUNDS = 15;
const WARM_UP_ROUNDS = 5;

/** How many rounds `inTurns` does. */
export const ALL_ROUNDS = WARM_UP_ROUNDS + ROUNDS;

/** The median of each side. Who begins changes from round to round: the first finds cold caches. */
export async function inTurns(ours: Side, theirs: Side): Promise<[ours: number, theirs: number]> {
  const samples: [number[], number[]] = [[], []];
  for (let round = 0; round < ALL_ROUNDS; round++) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const side of order) {
      const took = await (side === 0 ? ours(round) : theirs(round));
      if (round >= WARM_UP_ROUNDS) samples[side]?.push(took);
    }
    await setImmediate();
  }
  return [median(samples[0]), median(samples[1])];
}

/** CPU nanoseconds of this process, all its threads together. */
export function cpuNs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1_000;
}

export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;

export function printResults(results: readonly NotedResult[]): void {
  for (const { name, ours, theirs, unit, note } of results) {
    const [our, their] = [ours, theirs].map((ns) => ns.toFixed(0).padStart(7));
    const ratio = `${(theirs / ours).toFixed(1)} x`.padStart(7);
    const numbers = Number.isNaN(theirs)
      ? 'not measured'
      : `ours ${our}  theirs ${their} ${unit}  ${ratio}`;
    console.log(`${name.padEnd(40)} ${numbers}  (${note})`);
  }
}
