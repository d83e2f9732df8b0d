/**
 * Markets for the proofs: one whose returns are shuffled, and one that moves only where nobody can
 * act.
 */
import { floorTo, US_PER_HOUR, US_PER_MIN, US_PER_S } from '../domain/time.ts';
import type { TradeTick } from '../domain/wire.ts';
import { gaussian, randomIndex, seededRandom } from '../random.ts';

/** The same times, sizes and sides, with the log returns from tick to tick in drawn order. */
export function shuffledReturns(ticks: readonly TradeTick[], seed: number): TradeTick[] {
  const random = seededRandom(seed);
  const logs = ticks.map(({ price }) => Math.log(Number(price)));
  const returns = logs.slice(1).map((log, i) => log - (logs[i] ?? 0));
  for (let i = returns.length - 1; i > 0; i--) {
    const j = randomIndex(random, i + 1);
    [returns[i], returns[j]] = [returns[j] ?? 0, returns[i] ?? 0];
  }
  let log = logs[0] ?? 0;
  return ticks.map((tick, i) => {
    log += i === 0 ? 0 : (returns[i - 1] ?? 0);
    return { ...tick, price: Math.round(Math.exp(log) * 10_000) / 10_000 };
  });
}

/**
 * A market whose price stands still but for one jump a minute, at the very tick that closes the
 * minute's candle: `latenessUs` behind its end. Jumps of an hour share their direction, so that
 * whoever could trade at the candle's close would earn; whoever acts behind the decision cannot
 * within the jump itself, and directions are drawn anew each hour.
 */
export function* betweenCloseMarket(options: {
  readonly seed: number;
  readonly fromUs: number;
  readonly hours: number;
  readonly latenessUs: number;
}): Generator<TradeTick> {
  const { seed, fromUs, hours, latenessUs } = options;
  const random = seededRandom(seed);
  let log = Math.log(100);
  let id = 0;
  const tick = (ts: number): TradeTick => ({
    kind: 'trade',
    venue: 'synthetic',
    symbol: 'BETWEEN/USD',
    id: String(++id),
    ts,
    price: Math.round(Math.exp(log) * 10_000) / 10_000,
    size: 1,
    side: random() < 0.5 ? 'buy' : 'sell',
  });
  const startUs = floorTo(fromUs, US_PER_HOUR);
  for (let minute = 0; minute < hours * 60; minute++) {
    const at = startUs + minute * US_PER_MIN;
    // It deviates from a fair price only between a candle's end and its decision.
    log = Math.log(100) + 0.002 * gaussian(random);
    yield tick(at + latenessUs);
    for (let s = 10; s < 60; s += 10) yield tick(at + s * US_PER_S);
  }
}
