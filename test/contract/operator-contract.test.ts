/** The suite itself: an operator that breaks one demand turns that one red. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Operator } from '../../src/stream/operator.ts';
import { DEMANDS, type Contract } from './operator-contract.ts';

interface In {
  readonly ts: number;
  value: number;
}
interface Out {
  readonly ts: number;
  sum: number;
}
interface State {
  end: number;
  sum: number;
  seen?: number[];
  date?: Date;
}

const LENGTH = 10;

/** Sums of the values of ranges of ten, each when a later input shows that it is over. */
const sums: Operator<In, Out, State> = {
  name: 'sums',
  initial: () => ({ end: LENGTH, sum: 0 }),
  step(state, { ts, value }, emit) {
    if (ts >= state.end) {
      emit({ ts: state.end, sum: state.sum });
      state.end = LENGTH * (Math.floor(ts / LENGTH) + 1);
      state.sum = 0;
    }
    state.sum += value;
  },
};

const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 99 })), {
  maxLength: 60,
});

const makeContract = (operator: Operator<In, Out, State>): Contract<In, Out, State> => ({
  operator,
  inputs: steps.map((drawn) => {
    let ts = 0;
    return drawn.map(([later, value]) => ({ ts: (ts += later), value }));
  }),
  long: Array.from({ length: 2_000 }, (_, i) => ({ ts: 3 * i, value: 1 + (i % 7) })),
  maxStateBytes: 2_000,
  moments: {
    ofInput: ({ ts }) => ts,
    ofOutput: ({ ts }) => ts,
    changed: ({ ts, value }) => ({ ts, value: value + 100 }),
  },
});

const changed = (step: typeof sums.step): Operator<In, Out, State> => ({ ...sums, step });

let seen = 0;
let lastOut: Out | null = null;
const seldom = new WeakMap<State, number>();

const [SAME, RESTORED, UNTOUCHED, BOUNDED, NOT_AHEAD] = Object.keys(
  DEMANDS,
) as (keyof typeof DEMANDS)[];

const BAD: [broken: string | undefined, how: string, operator: Operator<In, Out, State>][] = [
  [
    SAME,
    'remembers outside of its state',
    changed((state, { ts, value }, emit) => sums.step(state, { ts, value: value + seen++ }, emit)),
  ],
  [
    SAME,
    'reads a clock',
    changed((state, { ts, value }, emit) =>
      sums.step(state, { ts, value: value + new Date().getFullYear() }, emit),
    ),
  ],
  [
    RESTORED,
    'keeps something beside its state',
    changed((state, { ts, value }, emit) => {
      const before = seldom.get(state) ?? 0;
      seldom.set(state, value);
      sums.step(state, { ts, value: value + before }, emit);
    }),
  ],
  [
    UNTOUCHED,
    'rounds its input in place',
    changed((state, input, emit) => {
      input.value = 10 * Math.round(input.value / 10);
      sums.step(state, input, emit);
    }),
  ],
  [
    UNTOUCHED,
    'changes what it has emitted',
    changed((state, input, emit) => {
      if (lastOut !== null) lastOut.sum += 1;
      sums.step(state, input, (out) => emit((lastOut = out)));
    }),
  ],
  [
    BOUNDED,
    'keeps all that it has seen',
    changed((state, input, emit) => {
      (state.seen ??= []).push(input.value);
      sums.step(state, input, emit);
    }),
  ],
  [
    BOUNDED,
    'keeps a date',
    changed((state, input, emit) => {
      state.date = new Date(input.ts);
      sums.step(state, input, emit);
    }),
  ],
  [
    NOT_AHEAD,
    'lets the input that ends a range into its sum',
    changed((state, input, emit) => {
      if (input.ts >= state.end) state.sum += input.value;
      sums.step(state, input, emit);
    }),
  ],
];

/** The name of the error; of a property, that of the error within. */
function catchFailure(work: () => void): string {
  try {
    work();
  } catch (error) {
    return (((error as Error).cause ?? error) as Error).name;
  }
  return 'none';
}

describe('the contract of an operator', () => {
  test.each(Object.entries(DEMANDS))('a sound one %s', (_, demand) => {
    demand(makeContract(sums));
  });

  test.each(BAD)('%s: not one that %s', (broken, _, operator) => {
    const demand = DEMANDS[broken as keyof typeof DEMANDS];
    // By an expectation that is not met: one that crashes would show nothing.
    expect(catchFailure(() => demand(makeContract(operator)))).toBe('AssertionError');
  });
});
