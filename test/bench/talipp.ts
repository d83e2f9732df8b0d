/**
 * talipp in a Python process of its own, from an environment that is made here the first time,
 * under the data directory. Candles are handed over before anything is timed.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { must } from '../../src/assert.ts';
import type { ClosedCandle, Timeframe } from '../../src/domain/candle.ts';
import { pythonWith } from '../support/python.ts';

const PACKAGES = ['talipp==2.7.0'];
const SCRIPT = join(import.meta.dirname, 'talipp-features.py');

export interface Talipp {
  /** Computes the instants from `first` to before `end`. */
  run(first: number, end: number): Promise<{ ns: number; newest: Record<Timeframe, number[]> }>;
  stop(): void;
}

/** Throws an error that says what this machine lacks. */
export function startTalipp(instants: readonly (readonly ClosedCandle[])[]): Talipp {
  const child = spawn(pythonWith(PACKAGES), [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const send = (value: unknown): boolean => child.stdin.write(`${JSON.stringify(value)}\n`);
  send(instants.map((closes) => closes.map(toNumbers)));
  return {
    async run(first, end) {
      send([first, end]);
      const { value } = await answers.next();
      return JSON.parse(must(value, 'an answer of talipp')) as Awaited<ReturnType<Talipp['run']>>;
    },
    stop: () => child.stdin.end(),
  };
}

const toNumbers = ({ timeframe, open, high, low, close, volume }: ClosedCandle): unknown[] => [
  timeframe,
  open,
  high,
  low,
  close,
  volume,
];
