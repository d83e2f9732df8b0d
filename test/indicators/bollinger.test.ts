import { expect, test } from 'vitest';
import {
  bollingerPosition,
  bollingerWidth,
  standardDeviation,
} from '../../src/indicators/bollinger.ts';
import { STOCK, expectSeries, overWindows } from './oracle.ts';

test('deviation, width and position equal the outside numbers', () => {
  expectSeries(
    overWindows(14, ({ close }) => standardDeviation(close, 14)),
    STOCK['standard_deviation'],
  );
  expectSeries(
    overWindows(20, ({ close }) => bollingerWidth(close, 20, 2)),
    STOCK['bollinger_width'],
  );
  expectSeries(
    overWindows(20, ({ close }) => bollingerPosition(close, 20, 2)),
    STOCK['bollinger_position'],
  );
});

test('a price that does not move has bands without width and no position between them', () => {
  const flat = Array.from({ length: 20 }, () => 1.38727 * 100);
  expect(bollingerWidth(flat, 20, 2)).toBe(0);
  expect(bollingerPosition(flat, 20, 2)).toBeNull();
});
