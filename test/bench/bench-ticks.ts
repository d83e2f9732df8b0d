/** Ticks for benchmarks, as feeds write them: JSON by key, all instruments mingled, from a seed. */
import { randomIndex, seededRandom } from '../../src/random.ts';

export interface BenchTick {
  readonly key: string;
  readonly ts: number;
  readonly value: string;
}

export interface BenchTicksOptions {
  readonly count: number;
  readonly instruments: number;
  /** Event time between two ticks. */
  readonly stepUs: number;
  /** Of the first one. */
  readonly fromTs?: number;
}

/** Of the first tick. */
export const FROM_TS = Date.UTC(2026, 0, 5) * 1_000;

export function benchTicks(options: BenchTicksOptions): BenchTick[] {
  const { count, instruments, stepUs, fromTs = FROM_TS } = options;
  const random = seededRandom(7);
  const cents = Array.from({ length: instruments }, () => 6_000_000 + randomIndex(random, 100_000));
  return Array.from({ length: count }, (_, i) => {
    const n = randomIndex(random, instruments);
    const price = (cents[n] = (cents[n] ?? 0) + randomIndex(random, 41) - 20) / 100;
    const ts = fromTs + i * stepUs;
    const symbol = `S${n}/USD`;
    const side = random() < 0.5 ? 'buy' : 'sell';
    const size = (1 + randomIndex(random, 5_000)) / 1_000;
    const id = String(3_000_000_000 + i);
    const tick = { kind: 'trade', venue: 'bench', symbol, id, ts, price, size, side };
    return { key: `bench:${symbol}`, ts, value: JSON.stringify(tick) };
  });
}
