/**
 * Does the loop learn what is there, and only that? Markets that the project has never seen,
 * through the real operators, labels, LightGBM and gate.
 */
import { describe, expect, test } from 'vitest';
import { parseUs, US_PER_DAY, US_PER_S } from '../../src/domain/time.ts';
import type { Fill, TradeTick } from '../../src/domain/wire.ts';
import { initialControlState } from '../../src/domain/control.ts';
import { directionMetrics } from '../../src/learning/metrics.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { betweenCloseMarket, shuffledReturns } from '../../src/market/variants.ts';
import { controlBot } from '../../src/app/seed.ts';
import { gradedMarket, trainedOn } from '../support/loop.ts';

const FROM = parseUs('2026-02-01');
const SLOW = 120_000;

const market = (seed: number, edge: 'none' | 'planted', days = 14): TradeTick[] => {
  const toUs = FROM + days * US_PER_DAY;
  const options = { seed, venue: 'synthetic', symbols: ['UNSEEN/USD'], fromUs: FROM, toUs };
  return [...mergedTrades({ ...options, rate: 0.2, edge })].map(({ tick }) => tick);
};

const failed = (candidate: ReturnType<typeof trainedOn>): string[] =>
  candidate.verdict.reasons.filter(({ passed }) => !passed).map(({ rule }) => rule);

describe('the learning loop', () => {
  test(
    'a planted edge that is not linear in past returns is found and passes the gate',
    () => {
      const candidate = trainedOn(gradedMarket(market(7_001, 'planted')));
      expect(failed(candidate)).toEqual([]);
      const { candidate: found, champion } = candidate.manifest.slice.direction;
      expect(found.auc).toBeGreaterThan(0.65);
      expect(found.auc ?? 0, 'the linear baseline does not see it').toBeGreaterThan(
        (champion.auc ?? 0) + 0.05,
      );
    },
    SLOW,
  );

  test(
    'the same market without the edge is refused',
    () => {
      expect(trainedOn(gradedMarket(market(7_001, 'none'))).verdict.passed).toBe(false);
    },
    SLOW,
  );

  test(
    'the market with the edge is refused once its returns are shuffled',
    () => {
      const ticks = shuffledReturns(market(7_001, 'planted'), 3);
      expect(trainedOn(gradedMarket(ticks)).verdict.passed).toBe(false);
    },
    SLOW,
  );

  test(
    'a market that moves only between a candle and its decision yields no edge and no profit',
    () => {
      const control = initialControlState();
      const bot = controlBot({
        labelSpec: 'direction_1h@1',
        horizonUs: 3600 * US_PER_S,
        orderLatencyUs: 250_000,
      });
      control.bots['control'] = { ...bot, fee_bps: 0, slippage_bps: 0 };
      const ticks = betweenCloseMarket({
        seed: 5,
        fromUs: FROM,
        hours: 240,
        latenessUs: 2 * US_PER_S,
      });
      const { predictions, labels, derived } = gradedMarket(ticks, control);
      const outcome = new Map(labels.map((label) => [label.ts, label]));
      const graded = predictions.filter(
        ({ ts, verdict }) => verdict === 'ok' && outcome.get(ts)?.state === 'matured',
      );
      expect(graded.length).toBeGreaterThan(10_000);
      const up = graded.map(({ ts }) => outcome.get(ts)?.up ?? 0);
      const { auc } = directionMetrics(
        up,
        graded.map((p) => p.probability_up),
      );
      expect(Math.abs((auc ?? 0) - 0.5)).toBeLessThan(0.05);
      const profits = roundTripReturns(derived.filter((out): out is Fill => out.kind === 'fill'));
      expect(profits.length).toBeGreaterThan(100);
      const mean = profits.reduce((a, b) => a + b, 0) / profits.length;
      const deviation = Math.sqrt(
        profits.reduce((s, p) => s + (p - mean) ** 2, 0) / profits.length,
      );
      expect(mean / (deviation / Math.sqrt(profits.length)), 'in standard errors').toBeLessThan(
        2.5,
      );
    },
    SLOW,
  );
});

/** Return of each round trip. */
function roundTripReturns(fills: readonly Fill[]): number[] {
  const entries = new Map(fills.filter((f) => f.intent === 'entry').map((f) => [f.trade_id, f]));
  return fills
    .filter((fill) => fill.intent === 'exit')
    .map((exit) => {
      const entry = entries.get(exit.trade_id);
      const paid = Number(entry?.price);
      return ((Number(exit.price) - paid) / paid) * (entry?.side === 'buy' ? 1 : -1);
    });
}
