/** Every operator of the stream, and the chain of them, keeps the contract of operators. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { candles } from '../../pipelines/stream/candles.ts';
import { features } from '../../pipelines/stream/features.ts';
import { fills } from '../../pipelines/stream/fills.ts';
import { ingest, type IngestOut } from '../../pipelines/stream/ingest.ts';
import { predictions } from '../../pipelines/stream/predictions.ts';
import { signals } from '../../pipelines/stream/signals.ts';
import { instrumentStream, type StreamInput } from '../../pipelines/stream/stream.ts';
import { controlBot } from '../../src/app/seed.ts';
import { initialControlState } from '../../src/domain/control.ts';
import type { MarketTick } from '../../src/domain/tick.ts';
import { US_PER_HOUR, US_PER_MIN } from '../../src/domain/time.ts';
import { drawnMarket } from '../features/drawn-market.ts';
import {
  makeArrival,
  arrivals,
  candlesInputs,
  changedClosing,
  changedTick,
  closings,
  featuresInput,
  fillsInputs,
  longTicks,
  predictionsInput,
  signalsInput,
  ticks,
} from './operator-inputs.ts';
import { operatorContract, type Contract } from './operator-contract.ts';

const contract = <In, Out, State>(
  of: Contract<In, Out, State>,
): (() => void) & { readonly operator: string } =>
  Object.assign(() => operatorContract(of.operator.name, of), { operator: of.operator.name });

const LONG = longTicks(12_000);
const changedArrival = <Of extends { readonly tick: MarketTick | { readonly kind: string } }>(
  arrival: Of,
): Of =>
  arrival.tick.kind === 'heartbeat'
    ? arrival
    : { ...arrival, tick: changedTick(arrival.tick as MarketTick) };

const ingestMoment = (out: IngestOut): number => {
  if ('tick' in out) return out.tick.ts + 1;
  if ('moment' in out) return out.moment.decidedTs + 1;
  return 'ts' in out ? out.ts + 1 : Infinity;
};

const control = initialControlState();
control.bots['control'] = controlBot({
  labelSpec: 'direction_1h@1',
  horizonUs: US_PER_HOUR,
  orderLatencyUs: 250_000,
});
const makeStreamInput = (arrival: StreamInput['arrival']): StreamInput => ({
  venue: 'v',
  symbol: 'A/USD',
  arrival,
  control,
  getModel: () => {
    throw new Error('no model is in force here');
  },
});

const CONTRACTS = [
  contract({
    operator: ingest,
    inputs: arrivals,
    long: LONG.map((tick) => makeArrival(tick)),
    maxStateBytes: 2_000,
    moments: { ofInput: ({ tick }) => tick.ts, ofOutput: ingestMoment, changed: changedArrival },
  }),
  contract({
    operator: candles,
    inputs: ticks.map((drawn) => drawn.flatMap(candlesInputs)),
    long: LONG.flatMap(candlesInputs),
    maxStateBytes: 2_000,
    moments: {
      ofInput: ({ moment }) => moment.decidedTs,
      ofOutput: ({ endTs }) => endTs,
      changed: (input) =>
        input.type === 'ordered' ? { ...input, tick: changedTick(input.tick) } : input,
    },
  }),
  contract({
    operator: features,
    inputs: closings,
    long: drawnMarket(3_000).map(featuresInput),
    maxStateBytes: 2_500,
    moments: {
      ofInput: ({ closing }) => closing.endTs - 1,
      ofOutput: ({ record }) => record.ts,
      changed: changedClosing,
    },
  }),
  contract({
    operator: predictions(10 * US_PER_MIN),
    inputs: fc
      .array(fc.integer({ min: 1, max: 999 }), { maxLength: 300 })
      .map((closes) => closes.map((close, i) => predictionsInput(i + (close % 3) * 0.3, close))),
    long: LONG.slice(0, 2_000).map(({ price }, i) => predictionsInput(i, price)),
    maxStateBytes: 1_024,
    moments: {
      ofInput: ({ feature }) => feature.ts - 1,
      ofOutput: ({ ts }) => ts,
      changed: (input) => ({ ...input, close: input.close * 1.1 }),
    },
  }),
  contract({
    operator: signals,
    inputs: fc
      .array(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.nat(60)), { maxLength: 120 })
      .map((drawn) => drawn.map(([percent, n], i) => signalsInput(i, percent, n))),
    long: LONG.slice(0, 2_000).map((_, i) => signalsInput(i, (i * 37) % 101, i)),
    maxStateBytes: 1_024,
    moments: {
      ofInput: ({ prediction }) => prediction.decided_ts,
      ofOutput: (out) => (out.kind === 'signal' ? out.decided_ts : out.last_ts) + 1,
      changed: (input) => ({ ...input, close: input.close * 2 }),
    },
  }),
  contract({
    operator: fills,
    inputs: ticks.map((drawn) => drawn.flatMap(fillsInputs)),
    long: LONG.flatMap(fillsInputs),
    maxStateBytes: 2_000,
    moments: {
      ofInput: ({ moment }) => moment.decidedTs,
      ofOutput: ({ ts }) => ts + 1,
      changed: (input) =>
        input.type === 'ordered' ? { ...input, tick: changedTick(input.tick) } : input,
    },
  }),
  contract({
    operator: instrumentStream({ horizonUs: US_PER_HOUR, labelSpec: 'direction_1h@1' }),
    inputs: arrivals.map((drawn) => drawn.map(makeStreamInput)),
    long: LONG.map((tick) => makeStreamInput(makeArrival(tick))),
    maxStateBytes: 4_096,
    moments: {
      ofInput: ({ arrival }) => arrival.tick.ts,
      ofOutput: (out) => {
        if (out.kind === 'feature' || out.kind === 'prediction') return out.ts;
        return (out.kind === 'refusal' ? out.last_ts : out.ts) + 1;
      },
      changed: (input) => ({ ...input, arrival: changedArrival(input.arrival) }),
    },
  }),
];

for (const declare of CONTRACTS) declare();

test('no operator of the stream is without its contract', () => {
  const folder = join(import.meta.dirname, '../../pipelines/stream');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const operators = [...text.matchAll(/\): Operator<|: Operator<[^;]+?> = \{/g)].length;
      const named = [...text.matchAll(/^ +name: '(\w+)',\n+ +initial/gm)].map(([, name]) => name);
      expect(named.length, `operators of ${file} with a name`).toBe(operators);
      return named;
    });
  expect(names.length).toBeGreaterThan(0);
  expect(new Set(CONTRACTS.map(({ operator }) => operator))).toEqual(new Set(names));
});
