/** What the value of a record costs until it is a tick: the scanner beside the plain way. */
import { isDeepStrictEqual } from 'node:util';
import { assert, must } from '../../src/assert.ts';
import { decodeTicks, parseTicks } from '../../src/stream/decode.ts';
import { benchTicks, type BenchTick } from './bench-ticks.ts';
import { compare, printWhenAlone } from './compare.ts';
import type { NotedResult } from './measure.ts';

const COUNT = 20_000;
const FRAME = 50;
const never = () => 'bad_hmac' as const;

interface Value {
  readonly key: string;
  readonly value: Buffer;
}

export async function benchDecode(): Promise<NotedResult[]> {
  const ticks = benchTicks({ count: COUNT, instruments: 10, stepUs: 1_000 });
  return [
    await contest('tick from JSON, single', oneMemory(ticks)),
    await contest(`tick from JSON, frames of ${FRAME}`, oneMemory(toFrames(ticks))),
  ];
}

/** As in a fetch: all values lie one behind the other. */
function oneMemory(ticks: readonly Pick<BenchTick, 'key' | 'value'>[]): Value[] {
  const memory = Buffer.from(ticks.map(({ value }) => value).join(''));
  let at = 0;
  return ticks.map(({ key, value }) => {
    at += value.length;
    return { key, value: memory.subarray(at - value.length, at) };
  });
}

function toFrames(ticks: readonly BenchTick[]): Pick<BenchTick, 'key' | 'value'>[] {
  const byKey = new Map<string, BenchTick[]>();
  for (const tick of ticks) byKey.set(tick.key, [...(byKey.get(tick.key) ?? []), tick]);
  return [...byKey].flatMap(([key, own]) =>
    Array.from({ length: Math.ceil(own.length / FRAME) }, (_, i) => {
      const some = own.slice(i * FRAME, (i + 1) * FRAME);
      return { key, value: `[${some.map(({ value }) => value).join(',')}]` };
    }),
  );
}

function contest(name: string, values: readonly Value[]): Promise<NotedResult> {
  for (const { key, value } of values) {
    const [ours, theirs] = [decodeTicks(key, value, never), parseTicks(key, value, never)];
    assert(isDeepStrictEqual(ours, theirs) && ours.type === 'ticks', 'both ways say the same');
  }
  return compare({
    name,
    items: COUNT,
    ourCalls: 4,
    note: 'JSON.parse and the schemas; equal ticks',
    ours: () => {
      for (let i = 0; i < values.length; i++) {
        const { key, value } = must(values[i]);
        decodeTicks(key, value, never);
      }
    },
    theirs: () => {
      for (let i = 0; i < values.length; i++) {
        const { key, value } = must(values[i]);
        parseTicks(key, value, never);
      }
    },
  });
}

await printWhenAlone(import.meta.filename, benchDecode);
