/**
 * How often does a model of noise pass the gate? Markets without an edge, drawn from a seed,
 * through the real operators, labels, LightGBM and gate; every other one with the planted edge and
 * its returns shuffled. Fails when more pass than 5 % and chance explain.
 *
 *   node --import tsx test/deep/noise.ts --candidates 60 --seed 1
 */
import { parseArgs } from 'node:util';
import { report } from '../support/report.ts';
import { parseUs, US_PER_DAY } from '../../src/domain/time.ts';
import type { TradeTick } from '../../src/domain/wire.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { shuffledReturns } from '../../src/market/variants.ts';
import { gradedMarket, trainedOn } from '../support/loop.ts';

const { values } = parseArgs({
  options: {
    candidates: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    report: { type: 'string' },
  },
});

/** What may pass of models trained on noise. */
const RATE = 0.05;
/** A fair gate fails this proof so seldom. */
const ALARM = 0.01;
const DAYS = 14;
const FROM = parseUs('2026-02-01');

function noise(seed: number): TradeTick[] {
  const edge = seed % 2 === 0 ? 'none' : 'planted';
  const range = { fromUs: FROM, toUs: FROM + DAYS * US_PER_DAY };
  const market = { seed, venue: 'noise', symbols: ['N/USD'], rate: 0.2, edge, ...range } as const;
  const ticks = [...mergedTrades(market)].map(({ tick }) => tick);
  return edge === 'none' ? ticks : shuffledReturns(ticks, seed);
}

/** The most passes of `n` that chance explains at `RATE`, but for once in 1 / `ALARM` times. */
function mostByChance(n: number): number {
  let mass = (1 - RATE) ** n;
  let below = mass;
  let k = 0;
  while (below < 1 - ALARM) {
    mass *= ((n - k) / (k + 1)) * (RATE / (1 - RATE));
    below += mass;
    k += 1;
  }
  return k;
}

const [count, first] = [Number(values.candidates), Number(values.seed) * 100_000];
const startMs = performance.now();
console.log(`${count} candidates, seeds ${first} to ${first + count - 1}`);
const passed: number[] = [];
for (let i = 0; i < count; i++) {
  const { verdict } = trainedOn(gradedMarket(noise(first + i)), first + i);
  if (verdict.passed) passed.push(first + i);
  if ((i + 1) % 10 === 0) tellProgress(i + 1);
}

function tellProgress(done: number): void {
  const seconds = (performance.now() - startMs) / 1000;
  const left = Math.round((seconds / done) * (count - done));
  console.log(`${done} of ${count}: ${passed.length} passed; ${left} s to go`);
}

const most = mostByChance(count);
const held = passed.length <= most;
console.log(
  `${passed.length} of ${count} models of noise passed (seeds ${passed.join(', ') || 'none'}); ` +
    `at a rate of ${RATE} chance gives up to ${most}`,
);
const fullName = `of ${count} models of noise at most ${most} pass the gate`;
process.exitCode = report([{ status: held ? 'passed' : 'failed', fullName }], values.report);
