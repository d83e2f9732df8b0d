import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { initialFeatureState, updateFeatures } from '../../src/features/features.ts';
import { drawnMarket } from './drawn-market.ts';

interface Oracle {
  minutes: number;
  seed: number;
  instants: number;
  close_sum: number;
  volume_sum: number;
  columns: string[];
  rows: (number | null)[][];
}

const url = new URL('../fixtures/indicators/features.json', import.meta.url);
const oracle = JSON.parse(readFileSync(url, 'utf8')) as Oracle;
const market = drawnMarket(oracle.minutes, oracle.seed);
const minutes = market.flatMap(({ closes }) => closes.filter((c) => c.timeframe === '1m'));

test('the market is the one that the outside numbers were computed on', () => {
  expect(market.length).toBe(oracle.instants);
  expect(minutes.reduce((sum, { close }) => sum + close, 0)).toBeCloseTo(oracle.close_sum, 4);
  expect(minutes.reduce((sum, { volume }) => sum + volume, 0)).toBeCloseTo(oracle.volume_sum, 8);
  expect(new Set(oracle.columns.slice(1))).toEqual(new Set(FEATURE_NAMES));
});

const values = new Map<number, Record<string, number | null | undefined>>();
const state = initialFeatureState();
for (const { endTs, closes } of market) {
  const row = updateFeatures(state, closes, endTs);
  values.set(endTs, Object.fromEntries(FEATURE_NAMES.map((name, i) => [name, row[i]])));
}

test.each(FEATURE_NAMES)('%s equals what pandas and TA-Lib compute', (name) => {
  const column = oracle.columns.indexOf(name);
  const expected = oracle.rows.map((row) => row[column] ?? null);
  const actual = oracle.rows.map((row) => values.get(Number(row[0]))?.[name]);
  expect(actual.map((value) => value === null)).toEqual(expected.map((value) => value === null));
  const errors = actual.map((value, i) => {
    const target = expected[i] ?? 0;
    return Math.abs((value ?? 0) - target) / (1e-4 + Math.abs(target));
  });
  expect(Math.max(...errors)).toBeLessThan(1e-8);
  expect(expected.filter((value) => value !== null).length).toBeGreaterThan(10);
});
