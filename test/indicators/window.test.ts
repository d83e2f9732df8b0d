import { expect, test } from 'vitest';
import {
  distance,
  finite,
  highest,
  lowest,
  mean,
  push,
  recent,
} from '../../src/indicators/window.ts';

test('a window forgets its oldest value once it is full', () => {
  const window: number[] = [];
  for (const value of [1, 2, 3, 4]) push(window, value, 3);
  expect(window).toEqual([2, 3, 4]);
  expect([recent(window), recent(window, 2)]).toEqual([4, 2]);
});

test('a window of size 0 keeps nothing', () => {
  const window: number[] = [];
  push(window, 1, 0);
  expect(window).toEqual([]);
});

test('extremes are those of the last values, as they stood some candles ago', () => {
  const window = [9, 1, 5, 3, 4];
  expect([highest(window, 3), lowest(window, 3)]).toEqual([5, 3]);
  expect([highest(window, 3, 1), lowest(window, 3, 1)]).toEqual([5, 1]);
  expect([highest(window, 3, 2), lowest(window, 3, 2)]).toEqual([9, 1]);
});

test('the mean is that of the last values alone', () => {
  expect(mean([100, 1, 2, 6], 3)).toBe(3);
});

test('what is not a number is null, and zero has no sign', () => {
  expect([NaN, Infinity, -Infinity].map(finite)).toEqual([null, null, null]);
  expect(finite(-0)).toBe(0);
});

test('a distance is a fraction of the reference', () => {
  expect(distance(3, 2)).toBe(0.5);
  expect([distance(3, null), distance(3, 0)]).toEqual([null, null]);
});
