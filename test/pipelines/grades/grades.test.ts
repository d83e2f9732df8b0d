import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  gradeSignals,
  type GradedSignal,
  type GradesRequest,
} from '../../../pipelines/grades/grades.ts';
import type { LabelPrice } from '../../../pipelines/grades/grading.ts';

const S = 1_000_000;
const HORIZON = 3600 * S;
const LATENESS = 2 * S;
const DECIDED = 100 * S;
const END = DECIDED + HORIZON;

let ids = 0;
const price = (ts: number, value: number, knownAt = ts): LabelPrice => ({
  ts,
  knownAt,
  price: value,
  id: `t${ids++}`,
});
const BUY: GradedSignal = {
  signalId: 's',
  decidedTs: DECIDED,
  direction: 'buy',
  stopLoss: 95,
  takeProfit: 110,
};
const SELL: GradedSignal = { ...BUY, direction: 'sell', stopLoss: 105, takeProfit: 90 };
const SHOWN = price(END + LATENESS, 1_000);

const graded = (
  signal: GradedSignal,
  prices: readonly LabelPrice[],
  more: Partial<GradesRequest> = {},
) =>
  gradeSignals({
    horizonUs: HORIZON,
    latenessUs: LATENESS,
    signals: [signal],
    prices: [...prices, SHOWN],
    arrivals: [...prices, SHOWN],
    gaps: [],
    ...more,
  })[0]?.outcome;

describe('grades of signals', () => {
  test('a target that is touched first wins, at the tick that touched it', () => {
    const touching = price(DECIDED + 30 * S, 111);
    const prices = [price(DECIDED + S, 100), price(DECIDED + 9 * S, 98), touching, price(END, 90)];
    expect(graded(BUY, prices)).toEqual({
      entryTs: DECIDED + S,
      entryPrice: 100,
      exitTs: touching.ts,
      exitPrice: 111,
      exitTickId: touching.id,
      touched: 'target',
      heldUs: 29 * S,
      forwardReturn: 111 / 100 - 1,
      result: 'win',
      bestExcursion: 111 / 100 - 1,
      worstExcursion: 98 / 100 - 1,
    });
  });

  test('a stop that is touched first loses, whatever comes behind it', () => {
    const prices = [price(DECIDED + S, 100), price(DECIDED + 9 * S, 94), price(END, 120)];
    expect(graded(BUY, prices)).toMatchObject({ touched: 'stop', exitPrice: 94, result: 'loss' });
  });

  test('for a sale both levels lie on the other side', () => {
    const fall = [price(DECIDED + S, 100), price(DECIDED + 9 * S, 89)];
    expect(graded(SELL, fall)).toMatchObject({ touched: 'target', result: 'win' });
    const rise = [price(DECIDED + S, 100), price(DECIDED + 9 * S, 105)];
    expect(graded(SELL, rise)).toMatchObject({ touched: 'stop', result: 'loss' });
  });

  test('what touches nothing expires at the last price within the horizon', () => {
    const prices = [price(DECIDED + S, 100), price(END, 100), price(END + 1, 120)];
    expect(graded(BUY, prices)).toMatchObject({
      touched: 'expiry',
      exitTs: END,
      result: 'breakeven',
      forwardReturn: 0,
    });
  });

  test('the tick that enters never leaves', () => {
    const prices = [price(DECIDED + S, 120), price(END, 100)];
    expect(graded(BUY, prices)).toMatchObject({ entryPrice: 120, touched: 'expiry' });
  });

  test('a price at the decision itself is no entry, one known too late no price', () => {
    const late = END + LATENESS + 1;
    const prices = [
      price(DECIDED, 70),
      price(DECIDED + S, 60, late),
      price(DECIDED + 2 * S, 100),
      price(DECIDED + 3 * S, 94, late),
      price(END, 101),
    ];
    expect(graded(BUY, prices)).toMatchObject({ entryPrice: 100, touched: 'expiry' });
  });

  test('void: no entry or no end in time, nothing but the entry, a gap on the way', () => {
    const entry = price(DECIDED + S, 100);
    expect(graded(BUY, [price(DECIDED + 600 * S, 100), price(END, 100)])).toBe('no_entry');
    expect(graded(BUY, [entry, price(DECIDED + 9 * S, 101)])).toBe('no_exit');
    expect(graded(BUY, [entry])).toBe('no_exit');
    const short = { horizonUs: 10 * S, latenessUs: LATENESS };
    expect(graded(BUY, [price(DECIDED + S / 10, 100)], { ...short, horizonUs: S / 10 })).toBe(
      'no_entry',
    );
    const gap = { fromTs: DECIDED + 5 * S, toTs: DECIDED + 6 * S, knownAt: END };
    const touched = [entry, price(DECIDED + 9 * S, 111)];
    expect(graded(BUY, touched, { gaps: [gap] })).toBe('gap');
    // What lies behind the touch is no matter, nor what was known only later.
    const behind = { ...gap, fromTs: DECIDED + 10 * S, toTs: DECIDED + 11 * S };
    expect(graded(BUY, touched, { gaps: [behind] })).toMatchObject({ touched: 'target' });
    const unknown = { ...gap, knownAt: END + LATENESS + 1 };
    expect(graded(BUY, touched, { gaps: [unknown] })).toMatchObject({ touched: 'target' });
  });

  test('a touch needs no price at the end of the horizon', () => {
    const touched = [price(DECIDED + S, 100), price(DECIDED + 9 * S, 94)];
    expect(graded(BUY, touched)).toMatchObject({ touched: 'stop' });
  });

  test('nothing is graded before the stream has passed the horizon and the lateness', () => {
    const prices = [price(DECIDED + S, 100), price(END + LATENESS - 1, 94)];
    expect(graded(BUY, prices, { prices, arrivals: prices })).toBeUndefined();
  });

  test('nothing behind the deciding tick changes a grade', () => {
    const steps = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 80, max: 120 }), (moves, other) => {
        let at = 100;
        const stepUs = Math.floor(HORIZON / moves.length);
        const prices = moves.map((move, i) => price(DECIDED + 1 + i * stepUs, (at += move)));
        const whole = graded(BUY, prices);
        if (whole === undefined || typeof whole === 'string') return;
        const cut = prices.map((one) => (one.ts <= whole.exitTs ? one : { ...one, price: other }));
        if (whole.touched !== 'expiry') expect(graded(BUY, cut)).toEqual(whole);
        expect(whole.worstExcursion).toBeLessThanOrEqual(0);
        expect(whole.bestExcursion).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 200 },
    );
  });
});
