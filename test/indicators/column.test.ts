import { expect, test } from 'vitest';
import { append, columnMean, newColumn, newest, sum } from '../../src/indicators/column.ts';
import { mean, push } from '../../src/indicators/window.ts';

test('a column reads as a window of the same values, however many have been added', () => {
  const column = newColumn();
  const window: number[] = [];
  for (let i = 0; i < 500; i++) {
    const value = Math.sin(i) * 61_737.63;
    append(column, value);
    push(window, value, 21);
    if (i < 20) continue;
    const lastTwenty = window.slice(1);
    expect(newest(column, 20)).toBe(window[0]);
    expect(sum(column, 20)).toBe(lastTwenty.reduce((total, each) => total + each, 0));
    expect(columnMean(column, 20)).toBe(mean(window, 20));
  }
});
