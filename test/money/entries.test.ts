import { Exact as Decimal } from '../../src/domain/exact.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillEntries, roundTripProfit } from '../../src/money/entries.ts';

const decimal = fc
  .tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 0, max: 5 }))
  .map(([whole, decimals]) => new Decimal(whole).div(10 ** decimals).toFixed());
const side = fc.constantFrom('buy' as const, 'sell' as const);

describe('the ledger', () => {
  test('of every fill the lines of each currency sum to zero', () => {
    fc.assert(
      fc.property(side, decimal, decimal, decimal, (s, size, price, fee) => {
        const fill = { side: s, size, price, fee, fx_rate: '1.1', symbol: 'EUR/USD' };
        const sums = new Map<string, Decimal>();
        for (const { currency, amount } of fillEntries(fill, 'EUR', 'USD')) {
          sums.set(currency, (sums.get(currency) ?? new Decimal(0)).plus(amount));
        }
        expect([...sums.values()].every((sum) => sum.isZero())).toBe(true);
      }),
    );
  });

  test('cash moves by value and fee, to the last decimal', () => {
    const fill = {
      side: 'buy' as const,
      size: '1000',
      price: '1.38729',
      fee: '0.138729',
      fx_rate: '1',
      symbol: 'EUR/USD',
    };
    const cash = fillEntries(fill, 'EUR', 'USD').filter((e) => e.ledger_account === 'cash');
    expect(cash.map(({ amount }) => amount)).toEqual(['-1387.29', '-0.138729']);
  });

  test('the longest amounts of the wire lose no digit', () => {
    const nines = `${'9'.repeat(20)}.${'9'.repeat(20)}`;
    const fill = { side: 'sell' as const, size: nines, price: nines, fee: nines, fx_rate: nines };
    const cash = fillEntries({ ...fill, symbol: 'A/USD' }, 'A', 'USD').find(
      ({ ledger_account }) => ledger_account === 'cash',
    );
    // (10^40 - 1)^3 in integers, with its 60 decimals put back.
    const digits = String((10n ** 40n - 1n) ** 3n);
    expect(cash?.amount).toBe(`${digits.slice(0, -60)}.${digits.slice(-60)}`);
  });

  test('profit is exact, and what one side wins the other loses', () => {
    const entry = { side: 'buy' as const, size: '0.3', price: '0.1', fee: '0.01' };
    expect(roundTripProfit(entry, { price: '0.2', fee: '0.02' })).toEqual({
      fees: '0.03',
      gross: '0.03',
      net: '0',
    });
    fc.assert(
      fc.property(decimal, decimal, decimal, (size, from, to) => {
        const exit = { price: to, fee: '0' };
        const long = roundTripProfit({ side: 'buy', size, price: from, fee: '0' }, exit);
        const short = roundTripProfit({ side: 'sell', size, price: from, fee: '0' }, exit);
        expect(new Decimal(long.net).plus(short.net).isZero()).toBe(true);
      }),
    );
  });
});
