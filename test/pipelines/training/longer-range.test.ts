import { expect, test } from 'vitest';
import { parseUs, US_PER_HOUR } from '../../../src/domain/time.ts';
import { mergedTrades } from '../../../src/market/merged.ts';
import { gradedMarket } from '../../support/loop.ts';

const FROM = parseUs('2026-02-01');

const over = (hours: number): ReturnType<typeof gradedMarket> => {
  const range = { fromUs: FROM, toUs: FROM + hours * US_PER_HOUR };
  const market = { seed: 3, venue: 'v', symbols: ['s'], rate: 0.2, edge: 'planted', ...range };
  return gradedMarket([...mergedTrades(market as never)].map(({ tick }) => tick));
};

test('FreqAI #7666: a longer range changes nothing of what was said and graded before', () => {
  const [short, long] = [over(12), over(20)];
  expect(short.predictions.length).toBeGreaterThan(600);
  expect(long.predictions.slice(0, short.predictions.length)).toEqual(short.predictions);
  expect(long.features.slice(0, short.features.length)).toEqual(short.features);
  expect(long.derived.slice(0, short.derived.length)).toEqual(short.derived);
  expect(short.labels.length).toBeGreaterThan(500);
  expect(long.labels.slice(0, short.labels.length)).toEqual(short.labels);
});
