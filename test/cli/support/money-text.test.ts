/** Small tables as a terminal of 80 columns shows them. */
import { expect, test } from 'vitest';
import { moneyLinesText, moneyMonthsText } from '../../../src/cli/support/money-text.ts';

const one = { account: 'a', currency: 'USD', group: 'oanda:EUR/USD' };
const line = {
  ...{ ...one, trades: 12, sum: '1000000000.125', mean: '0.005', std: null },
  ...{ min: '-3.1', median: '0', max: '1e3' },
};

test('amounts are to the cent, rounded as PostgreSQL does', () => {
  expect(moneyLinesText('symbol', [line])).toBe(
    [
      'net P&L of closed trades by symbol: account a, in USD',
      'symbol         trades            net  mean  std    min  median      max',
      'oanda:EUR/USD      12  1000000000.13  0.01    -  -3.10    0.00  1000.00',
    ].join('\n'),
  );
});

test('of several accounts each is named; other currencies have their own decimals', () => {
  const yen = { ...line, account: 'b', currency: 'JPY', group: 'all' };
  const text = moneyLinesText('account', [line, yen]);
  expect(text).toMatch(/^net P&L of closed trades by account: each account, in USD and JPY\n/);
  expect(text).toMatch(/\na oanda:EUR\/USD +12 /);
  expect(text).toMatch(/\nb +12 +1000000000 +0 +- +-3 +0 +1000$/);
});

test('three years of months go on below, and no line is wider than 80 columns', () => {
  const months = Array.from(
    { length: 36 },
    (_, i) => `${2024 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}`,
  );
  const lines = ['x'.repeat(60), 'y'].map((group, of) => ({
    ...{ ...one, group, total: '123456789.01' },
    sums: months.map((_, i) => (of + i === 3 ? null : `${i}.5`)),
  }));
  const text = moneyMonthsText('symbol', { months, lines });
  const all = text.split('\n');
  expect(Math.max(...all.map(({ length }) => length))).toBeLessThanOrEqual(80);
  for (const month of [...months, 'total']) expect(text.split(` ${month}`)).toHaveLength(2);
  expect(all.filter((each) => each.startsWith('xxx')).length).toBeGreaterThan(4);
});
