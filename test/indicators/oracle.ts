/** The stored outside numbers, and how a whole series is compared with them. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { must } from '../../src/assert.ts';

type Series = (number | null)[];
type Quotes = Record<'high' | 'low' | 'close' | 'volume', number[]>;

function load(file: string): unknown {
  const url = new URL(`../fixtures/indicators/${file}`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8'));
}

export const STOCK = load('stock-indicators.json') as Record<string, Series>;
export const PANDAS = load('pandas.json') as Record<string, Series>;
export const { quotes } = load('stock-indicators.json') as { quotes: Quotes };

/** Bars of the oracle as objects, in time order. */
export const BARS = quotes.close.map((close, i) => ({
  high: must(quotes.high[i], 'a high for every close'),
  low: must(quotes.low[i], 'a low for every close'),
  close,
  volume: must(quotes.volume[i], 'a volume for every close'),
}));

/** The batch form of a recursive indicator: its step over all inputs, its value after each. */
export function runBatch<State, Input>(
  state: State,
  inputs: readonly Input[],
  step: (state: State, input: Input, previous: Input | null) => void,
  getValue: (state: State) => number | null,
): Series {
  return inputs.map((input, i) => {
    step(state, input, inputs[i - 1] ?? null);
    return getValue(state);
  });
}

/** The batch form of a windowed indicator, over windows that hold just `size` bars. */
export const overWindows = (size: number, getValue: (w: Quotes) => number | null): Series =>
  BARS.map((_, i) => {
    const cut = (column: number[]): number[] => column.slice(Math.max(0, i + 1 - size), i + 1);
    return getValue({
      high: cut(quotes.high),
      low: cut(quotes.low),
      close: cut(quotes.close),
      volume: cut(quotes.volume),
    });
  });

/** Equal within 1e-9, absolute plus relative, and null in the very same places. */
export function expectSeries(actual: Series, expected: Series | undefined): void {
  const wanted = must(expected, 'the fixture has this series');
  expect(actual.length).toBe(wanted.length);
  expect(actual.map((value) => value === null)).toEqual(wanted.map((value) => value === null));
  const worst = actual.reduce<number>((most, value, i) => {
    const target = wanted[i] ?? 0;
    return Math.max(most, Math.abs((value ?? 0) - target) / (1 + Math.abs(target)));
  }, 0);
  expect(worst).toBeLessThan(1e-9);
  expect(wanted.filter((value) => value !== null).length).toBeGreaterThan(400);
}
