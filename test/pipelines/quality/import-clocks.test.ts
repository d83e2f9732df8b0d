/** Since when features of imported history are known: as if their ticks had come by the stream. */
import { expect, test } from 'vitest';
import type { FeaturesOut } from '../../../pipelines/stream/features.ts';
import { ImportClocks } from '../../../pipelines/quality/import-clocks.ts';

const JOB = 9_000;
const out = (ts: number): FeaturesOut =>
  ({ record: { ts, decided_ts: 0, known_at: 0 }, vector: [] }) as unknown as FeaturesOut;
const tick = (ts: number, knownAt = ts) => ({ ts, knownAt });
const listClocks = (outs: readonly FeaturesOut[]) =>
  outs.map(({ record }) => [record.ts, record.decided_ts, record.known_at, record.imported_at]);

test('each is decided by the first tick behind its end and the lateness, also on the next day', () => {
  const clocks = new ImportClocks(2, JOB);
  const first = clocks.add([out(100), out(200)], [tick(90), tick(101), tick(102), tick(150)]);
  expect(listClocks(first)).toEqual([[100, 102, 102, JOB]]);
  expect(listClocks(clocks.add([out(300)], [tick(301), tick(303, 310)]))).toEqual([
    [200, 301, 301, JOB],
    [300, 303, 310, JOB],
  ]);
  expect(clocks.rest()).toEqual([]);
});

test('a tick of the past that was known late makes all behind it known as late', () => {
  const clocks = new ImportClocks(2, JOB);
  const ticks = [tick(90, 5_000), tick(102), tick(202)];
  expect(listClocks(clocks.add([out(100), out(200)], ticks))).toEqual([
    [100, 102, 5_000, JOB],
    [200, 202, 5_000, JOB],
  ]);
});

test('what no tick has decided has no moment of its own', () => {
  const clocks = new ImportClocks(2, JOB);
  expect(clocks.add([out(100)], [tick(101)])).toEqual([]);
  expect(listClocks(clocks.rest())).toEqual([[100, 0, 0, undefined]]);
});
