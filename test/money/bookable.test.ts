/** Which fills money can book right today: each rule by the smallest fill that breaks it. */
import { describe, expect, test } from 'vitest';
import type { Fill } from '../../src/domain/wire.ts';
import { bookable, type Known, type KnownTrade } from '../../src/money/bookable.ts';

const entry: Fill = {
  ...{ kind: 'fill', fill_id: 'f', order_id: 'o', trade_id: 't', signal_id: 's', bot: null },
  ...{ prediction_id: null, model_id: null, account: 'a', venue: 'v', symbol: 'BTC/USD', ts: 10 },
  ...{ intent: 'entry', side: 'buy', order_type: 'market', price: '100', size: '5', fee: '0.01' },
  ...{ fee_currency: 'USD', fx_rate: '1', liquidity: 'taker', mode: 'live', reason: '' },
};
const exit: Fill = { ...entry, intent: 'exit', side: 'sell', ts: 20 };
const opened: KnownTrade = {
  ...{ account: 'a', venue: 'v', symbol: 'BTC/USD', state: 'open', side: 'buy', mode: 'live' },
  ...{ size: '5', fx_rate: '1', ts: 10 },
};
const nothing: Known = {
  ...{ currency: 'USD', isInLedger: false, orderAccount: null, trade: null, signal: null },
  signalTrade: null,
};
const open: Known = { ...nothing, trade: opened };
const yen = { symbol: 'USD/JPY', fee_currency: 'JPY', fx_rate: '0.0066' };

describe('a fill that can be booked', () => {
  const cases: [string, Fill, Known][] = [
    ['opens a trade', entry, nothing],
    ['closes all of it', exit, open],
    ['closes all of it, its size told otherwise', { ...exit, size: '5.00' }, open],
    ['closes it at the very time of its entry', { ...exit, ts: 10 }, open],
    ['waits for its entry', exit, nothing],
    ['has no fee, in whatever currency', { ...entry, fee: '0.000', fee_currency: 'BNB' }, nothing],
    ['was paid a fee', { ...entry, fee: '-0.01' }, nothing],
    ['is in dollars of another kind', { ...entry, symbol: 'BTC/USDT' }, nothing],
    ['has its fee in the quote currency', { ...entry, ...yen }, nothing],
    ['is of a symbol without a quote currency', { ...entry, symbol: 'AAPL' }, nothing],
    [
      'has its signal',
      entry,
      { ...nothing, signal: { account: 'a', venue: 'v', symbol: 'BTC/USD' } },
    ],
  ];
  test.each(cases)('%s', (_, fill, known) => expect(bookable(fill, known)).toBeNull());
});

describe('a fill that cannot be booked right', () => {
  const cases: [string, Fill, Known, RegExp][] = [
    ['a part', { ...exit, size: '2' }, open, /of 2 closes only a part of 5/],
    ['larger', { ...exit, size: '5.0000000001' }, open, /is larger than 5/],
    ['another symbol', { ...exit, symbol: 'ETH/USD' }, open, /is of v:BTC\/USD, the exit of v:ETH/],
    ['another venue', { ...exit, venue: 'w' }, open, /is of v:BTC\/USD, the exit of w:BTC/],
    ['the same side', { ...exit, side: 'buy' }, open, /is a buy, and so is its exit/],
    ['before its entry', { ...exit, ts: 9 }, open, /lies before the entry/],
    ['a closed trade', exit, { ...open, trade: { ...opened, state: 'closed' } }, /t is closed/],
    ['another mode', { ...exit, mode: 'paper' }, open, /is live, its exit paper/],
    ['a second entry', entry, open, /has its entry/],
    [
      "another account's trade",
      exit,
      { ...open, trade: { ...opened, account: 'b' } },
      /of account b/,
    ],
    [
      "an entry of another account's trade",
      entry,
      { ...open, trade: { ...opened, account: 'b' } },
      /of account b/,
    ],
    ["another account's order", entry, { ...nothing, orderAccount: 'b' }, /o is of account b/],
    ['a second fill of an order', entry, { ...nothing, orderAccount: 'a' }, /o has a fill/],
    [
      'a transaction that is there',
      entry,
      { ...nothing, isInLedger: true },
      /v:f is in the ledger/,
    ],
    [
      'a signal of another account',
      entry,
      { ...nothing, signal: { ...entry, account: 'b' } },
      /s is of account b/,
    ],
    [
      'a signal of another market',
      entry,
      { ...nothing, signal: { ...entry, symbol: 'X' } },
      /s is of v:X/,
    ],
    ['a signal that was traded', entry, { ...nothing, signalTrade: 'u' }, /s has made trade u/],
    ['a fee in a third currency', { ...entry, fee_currency: 'BNB' }, nothing, /the fee is in BNB/],
    ['a fee in what was bought', { ...entry, fee_currency: 'BTC' }, nothing, /the fee is in BTC/],
    [
      "a fee in the account's currency at a rate",
      { ...entry, ...yen, fee_currency: 'USD' },
      nothing,
      /only JPY/,
    ],
    ['a rate to the own currency', { ...entry, fx_rate: '1.1' }, nothing, /give 1/],
    ['no rate to another currency', { ...entry, ...yen, fx_rate: '1.0' }, nothing, /give the rate/],
    [
      'another rate at the exit',
      { ...exit, ...yen },
      { ...open, trade: { ...opened, symbol: 'USD/JPY', fx_rate: '0.0067' } },
      /fx_rate was 0.0067/,
    ],
    ['no quote currency', { ...entry, symbol: 'BTC/' }, nothing, /names no base/],
    ['a correction', { ...entry, corrects: 'g' } as Fill, nothing, /"corrects"/],
    ['several fees', { ...entry, fees: [] } as Fill, nothing, /"fees"/],
    ['hedging', { ...exit, position_side: 'long' } as Fill, open, /"position_side"/],
  ];
  test.each(cases)('%s', (_, fill, known, rule) => expect(bookable(fill, known)).toMatch(rule));
});
