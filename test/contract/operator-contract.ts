/**
 * What every operator owes the runner (`src/stream/operator.ts`), whatever it computes, as tests:
 * through the codec that checkpoints are written with, over inputs that fast-check draws.
 *
 *   operatorContract('candles', { operator: candles, inputs, long, maxStateBytes, moments });
 */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Operator } from '../../src/stream/operator.ts';
import { decodeState, encodeState } from '../../src/stream/state-codec.ts';

export interface Contract<In, Out, State> {
  readonly operator: Operator<In, Out, State>;
  /** Of one instrument, in the order of the log. */
  readonly inputs: fc.Arbitrary<readonly In[]>;
  /** A long and steady market that makes it emit: along it the state must not grow. */
  readonly long: readonly In[];
  /** Of the state as it is stored, anywhere along `long`. */
  readonly maxStateBytes: number;
  readonly moments: {
    /** The event time of what the input tells. */
    readonly ofInput: (input: In) => number;
    /** All that may enter the output happened before this event time. */
    readonly ofOutput: (out: Out) => number;
    /** Another input of the same time: another price, another size. */
    readonly changed: (input: In) => In;
  };
}

type Demand = <In, Out, State>(contract: Contract<In, Out, State>) => void;

const RUNS = { numRuns: 40, seed: 1 };

/** Declares the five tests for an operator. */
export function operatorContract<In, Out, State>(
  name: string,
  contract: Contract<In, Out, State>,
): void {
  describe(`the operator ${name}`, () => {
    test.each(Object.entries(DEMANDS))('%s', (_, demand) => demand(contract));
  });
}

/** Each throws where the operator breaks it. */
export const DEMANDS = {
  'gives the same outputs for the same inputs': sameOutputs,
  'gives them too when it is restored from a snapshot at any point': sameOutputsRestored,
  'leaves its inputs, and what it has emitted, as they are': leavesUntouched,
  'keeps plain state that does not grow': keepsBoundedState,
  'does not look ahead': looksNotAhead,
} as const satisfies Record<string, Demand>;

/** At another time of day too, and beside another instrument that lags one input behind. */
function sameOutputs<In, Out, State>({ operator, inputs }: Contract<In, Out, State>): void {
  const besideAnother = (given: readonly In[]): Out[] => {
    const [own, other] = [operator.initial(), operator.initial()];
    const out: Out[] = [];
    given.forEach((input, i) => {
      const before = given[i - 1];
      if (before !== undefined) operator.step(other, before, () => undefined);
      operator.step(own, input, (one) => out.push(one));
    });
    return out;
  };
  fc.assert(
    fc.property(inputs, (given) => {
      const expected = printed(run(operator, given).out);
      const later = inAnotherYear(() => run(operator, given).out);
      expect(printed(later)).toBe(expected);
      expect(printed(besideAnother(given))).toBe(expected);
    }),
    RUNS,
  );
}

function sameOutputsRestored<In, Out, State>({ operator, inputs }: Contract<In, Out, State>): void {
  const restored = (state: State): State => decodeState<State>(encodeState(state));
  fc.assert(
    fc.property(inputs, fc.nat(), (given, n) => {
      const point = n % (given.length + 1);
      const whole = run(operator, given);
      const everywhere = run(operator, given, restored);
      const once = run(operator, given, (state, i) => (i === point ? restored(state) : state));
      for (const { out, state } of [everywhere, once]) {
        expect(printed(out)).toBe(printed(whole.out));
        expect(printed(state)).toBe(printed(whole.state));
      }
    }),
    RUNS,
  );
}

function leavesUntouched<In, Out, State>({ operator, inputs }: Contract<In, Out, State>): void {
  fc.assert(
    fc.property(inputs, (given) => {
      const before = given.map(printed);
      const asEmitted: string[] = [];
      const state = operator.initial();
      const out: Out[] = [];
      for (const input of given) {
        operator.step(state, input, (one) => {
          out.push(one);
          asEmitted.push(printed(one));
        });
      }
      expect(given.map(printed)).toEqual(before);
      expect(out.map(printed)).toEqual(asEmitted);
    }),
    RUNS,
  );
}

function keepsBoundedState<In, Out, State>(contract: Contract<In, Out, State>): void {
  const { operator, inputs, long, maxStateBytes } = contract;
  fc.assert(
    fc.property(inputs, (given) => {
      const { state } = run(operator, given);
      expect(notPlain(state)).toBeNull();
    }),
    RUNS,
  );
  const sizes: number[] = [];
  const every = Math.max(1, Math.floor(long.length / 200));
  const { out } = run(operator, long, (state, i) => {
    if (i % every !== 0) return state;
    expect(encodeState(state).length).toBeLessThanOrEqual(maxStateBytes);
    sizes.push(countLeaves(state));
    return state;
  });
  expect(out.length, 'outputs over the long market').toBeGreaterThan(0);
  const quarter = Math.floor(sizes.length / 4);
  const [second, last] = [sizes.slice(quarter, 2 * quarter), sizes.slice(-quarter)];
  expect(Math.max(...last)).toBeLessThanOrEqual(1.1 * Math.max(...second) + 8);
}

/**
 * Neither does what comes later revise what was emitted, nor does another content of it change an
 * output about an earlier time.
 */
function looksNotAhead<In, Out, State>({
  operator,
  inputs,
  moments: { ofInput, ofOutput, changed },
}: Contract<In, Out, State>): void {
  fc.assert(
    fc.property(inputs, fc.nat(), (given, n) => {
      const cut = n % (given.length + 1);
      const whole = run(operator, given).out;
      const early = run(operator, given.slice(0, cut)).out;
      expect(whole.slice(0, early.length).map(printed)).toEqual(early.map(printed));
      const fromTs = Math.min(...given.slice(cut).map(ofInput));
      const about = (out: readonly Out[]): string[] =>
        out.filter((one) => ofOutput(one) <= fromTs).map(printed);
      const other = given.map((input, i) => (i < cut ? input : changed(input)));
      expect(about(run(operator, other).out)).toEqual(about(whole));
    }),
    { ...RUNS, numRuns: 2 * RUNS.numRuns },
  );
}

function run<In, Out, State>(
  operator: Operator<In, Out, State>,
  inputs: readonly In[],
  between: (state: State, i: number) => State = (state) => state,
): { out: Out[]; state: State } {
  let state = operator.initial();
  const out: Out[] = [];
  inputs.forEach((input, i) => {
    state = between(state, i);
    operator.step(state, input, (one) => out.push(one));
  });
  return { out, state };
}

function inAnotherYear<T>(work: () => T): T {
  vi.useFakeTimers({ now: 0, toFake: ['Date', 'performance'] });
  try {
    return work();
  } finally {
    vi.useRealTimers();
  }
}

/** All of a value as text, but for the sign of zero, which the codec does not keep. */
const printed = (value: unknown): string => JSON.stringify(value, exactly) ?? 'undefined';

function exactly(_: string, value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : `number ${value}`;
  if (typeof value === 'bigint') return `bigint ${value}`;
  if (typeof value === 'function' || value === undefined) return typeof value;
  if (value instanceof Map || value instanceof Set) return [value.constructor.name, ...value];
  if (ArrayBuffer.isView(value)) return [value.constructor.name, ...(value as Float64Array)];
  return value;
}

const PLAIN = new Set(['number', 'string', 'boolean', 'undefined']);

const isPlainObject = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** The path of what no snapshot could give back; null where there is none. */
function notPlain(value: unknown, path = 'state'): string | null {
  if (value === null || PLAIN.has(typeof value)) return null;
  if (typeof value !== 'object') return `${path} is a ${typeof value}`;
  if (ArrayBuffer.isView(value)) return null;
  if (!Array.isArray(value) && !isPlainObject(value)) return `${path} is no plain object`;
  for (const [key, inner] of Object.entries(value)) {
    const found = notPlain(inner, `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

/** How many numbers, texts and the like a state has: no compression hides that it grows. */
function countLeaves(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  if (ArrayBuffer.isView(value)) return value.byteLength / 8;
  return Object.values(value).reduce<number>((sum, inner) => sum + countLeaves(inner), 0);
}
