import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseUs } from '../../src/domain/time.ts';
import type { TradeTick } from '../../src/domain/wire.ts';
import { syntheticTrades, type SyntheticMarket } from '../../src/market/synthetic.ts';

const market: SyntheticMarket = {
  seed: 1,
  venue: 'synthetic',
  symbol: 'A/USD',
  fromUs: parseUs('2026-01-01'),
  rate: 1,
  edge: 'planted',
};

function first(n: number, more: Partial<SyntheticMarket> = {}): TradeTick[] {
  const ticks: TradeTick[] = [];
  for (const tick of syntheticTrades({ ...market, ...more })) {
    if (ticks.push(tick) === n) break;
  }
  return ticks;
}
const digest = (ticks: unknown): string =>
  createHash('sha256').update(JSON.stringify(ticks)).digest('hex');

describe('the synthetic market', () => {
  test('the same seed gives the same bytes, another seed or symbol others', () => {
    expect(digest(first(10_000))).toBe(digest(first(10_000)));
    expect(digest(first(100, { seed: 2 }))).not.toBe(digest(first(100)));
    expect(digest(first(100, { symbol: 'B/USD' }))).not.toBe(
      digest(first(100).map((tick) => ({ ...tick, symbol: 'B/USD' }))),
    );
  });

  test('time only rises, prices and sizes are positive multiples of their steps', () => {
    const ticks = first(20_000);
    expect(ticks.every((tick, i) => i === 0 || tick.ts > (ticks[i - 1]?.ts ?? 0))).toBe(true);
    expect(ticks.every(({ price, size }) => Number(price) > 0 && Number(size) > 0)).toBe(true);
    expect(
      ticks.every(
        ({ price }) => Math.abs(Number(price) * 100 - Math.round(Number(price) * 100)) < 1e-6,
      ),
    ).toBe(true);
  });

  test('it has about the asked rate, and quiet gaps', () => {
    const ticks = first(50_000);
    const spanS = ((ticks.at(-1)?.ts ?? 0) - market.fromUs) / 1e6;
    expect(50_000 / spanS).toBeGreaterThan(0.7);
    expect(50_000 / spanS).toBeLessThan(1.4);
    const longest = Math.max(...ticks.slice(1).map((tick, i) => tick.ts - (ticks[i]?.ts ?? 0)));
    expect(longest).toBeGreaterThan(120e6);
  });
});
