/** The arrows of the chart: one for each candle and direction. */
import { expect, test } from 'vitest';
import { signalArrows } from '../../src/web/arrows.ts';

const signal = (minute: number, direction: 'buy' | 'sell', state: 'executed' | 'expired') => ({
  decided_ts: new Date(Date.UTC(2026, 0, 5, 10, minute)).toISOString(),
  direction,
  state,
});

test('signals of one candle and direction are one arrow with their number', () => {
  const hour = Date.UTC(2026, 0, 5, 10) / 1_000;
  const signals = [
    signal(61, 'buy', 'expired'),
    signal(1, 'buy', 'expired'),
    signal(2, 'buy', 'executed'),
    signal(3, 'sell', 'expired'),
    signal(4, 'buy', 'expired'),
  ];
  expect(signalArrows(signals, 3_600)).toEqual([
    { time: hour, isBuy: true, isExecuted: true, count: 3 },
    { time: hour, isBuy: false, isExecuted: false, count: 1 },
    { time: hour + 3_600, isBuy: true, isExecuted: false, count: 1 },
  ]);
  expect(signalArrows(signals, 60)).toHaveLength(5);
});
