/** What an account is worth: its cash alone says too much behind a short, too little behind a buy. */
import { describe, expect, test } from 'vitest';
import { worth } from '../../src/summaries/account-equity.ts';

const EUR = { venue: 'v', symbol: 'EUR/USD' };
const prices = new Map([['v:EUR/USD', { ...EUR, ts: 7, close: 1.25 }]]);
const open = (size: string, fx_rate = '1') => ({ ...EUR, account: 'a', size, fx_rate });

describe('equity', () => {
  test('is the cash where nothing is open', () => {
    expect(worth('10926.53', [], prices)).toEqual({ equity: '10926.53', priced_ts: null });
  });

  test('leaves out what a short has brought, but for its gain', () => {
    // Sold 1000 at 1.3: 1300 came in, of which 1250 are owed at 1.25.
    expect(worth('11300', [open('-1000')], prices)).toEqual({ equity: '10050', priced_ts: 7 });
  });

  test('has what was bought at its price, in the currency of the account', () => {
    expect(worth('9000', [open('1000', '0.8')], prices).equity).toBe('10000');
  });

  test('is not known where a position has no price', () => {
    const other = { ...open('1'), symbol: 'X/USD' };
    expect(worth('1', [open('1'), other], prices)).toEqual({ equity: null, priced_ts: null });
  });
});
