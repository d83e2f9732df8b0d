import { expect, test } from 'vitest';
import { sinkStage } from '../../../pipelines/sink/sink-task.ts';
import { initialControlState } from '../../../src/domain/control.ts';
import { US_PER_DAY } from '../../../src/domain/time.ts';
import type { LogRecord } from '../../../src/stream/stage.ts';
import { encodeState } from '../../../src/stream/state-codec.ts';
import type { Backfilled } from '../../../src/postgres/tables/backfilled.ts';
import { featuresTable } from '../../../src/questdb/tables/features.ts';
import {
  expectNothingForgotten,
  RememberedCheckpoints,
  surroundings,
} from '../../support/stage-surroundings.ts';

const nothing = (): Promise<void> => Promise.resolve();
const silent = {
  writer: { write: () => Promise.resolve([]) },
  reader: { query: () => Promise.resolve([]), waitApplied: nothing },
  featuresTable: featuresTable([]),
  modelHeld: nothing,
  controlsPassed: nothing,
  stored: nothing,
  backfilled: nothing,
  clockPassed: nothing,
  written: nothing,
  noteDead: nothing,
  noteKinds: nothing,
};

test('a checkpoint of the sink that failed leaves all that changed to the next one', async () => {
  const checkpoints = new RememberedCheckpoints();
  const stage = sinkStage({
    ...surroundings,
    ...silent,
    checkpoints,
  });
  await expectNothingForgotten(await stage.open('ticks', 0), checkpoints);
});

const TS = 1_700_000_000_000_000;

/**
 * The rows by table that the sink writes of one record, each behind an as-of barrier of the day
 * after.
 */
async function sinkRows(topic: string, more: Partial<LogRecord>, kind = 'trade') {
  const written = new Map<string, object[]>();
  const backfilled: Backfilled[] = [];
  const partitionState = encodeState({
    ...initialControlState(),
    ...{ clock: TS + 3 * US_PER_DAY, cut: TS + US_PER_DAY },
  });
  const stage = sinkStage({
    ...surroundings,
    ...silent,
    checkpoints: {
      claim: () =>
        Promise.resolve({ epoch: 1, nextOffset: 0, partitionState, instrumentStates: new Map() }),
      save: () => Promise.resolve('saved'),
    },
    writer: {
      write: (table, rows) => {
        if (rows.length > 0) written.set(table.name, [...rows]);
        return Promise.resolve([]);
      },
    },
    backfilled: (parts) => Promise.resolve(void backfilled.push(...parts)),
  });
  const task = await stage.open(topic, 0);
  const what = { kind, venue: 'v', symbol: 'A', ts: TS };
  const trade = kind === 'trade' ? { id: '1', price: 1, size: 1 } : {};
  const value = Buffer.from(JSON.stringify({ ...what, ...trade }));
  const record = { topic, partition: 0, offset: 0, timestampUs: TS, key: 'v:A', value, ...more };
  await task.process([record], nothing);
  return { rows: Object.fromEntries(written), backfilled };
}

test('a record that is imported is stored with its claim, its origin and when it came', async () => {
  const came = TS + 3 * US_PER_DAY;
  const import_ = { known_at: TS, origin: 'import', imported_at: came };
  const streamed = await sinkRows('ticks', { isImported: true });
  expect(streamed.rows).toEqual({ ticks: [expect.objectContaining(import_)] });
  expect(streamed.rows['ticks']?.[0]).not.toHaveProperty('came_by');
  const history = await sinkRows('ticks-backfill', { isImported: true });
  const own = { ...import_, came_by: 'backfill' };
  expect(history.rows).toEqual({ ticks: [expect.objectContaining(own)] });
  expect(history.backfilled).toEqual([{ instrument: 'v:A', fromTs: TS, toTs: TS, knownAt: came }]);
  const heartbeat = await sinkRows('ticks', { isImported: true }, 'heartbeat');
  const known = { ts: TS, known_at: TS, venue: 'v', symbol: 'A', imported_at: came };
  expect(heartbeat.rows).toEqual({ heartbeats: [known] });
});

test('a record that is not has the floor of the as-of barrier, and no word of an import', async () => {
  const floor = TS + US_PER_DAY + 1;
  const { rows } = await sinkRows('ticks', {});
  expect(rows).toEqual({ ticks: [expect.objectContaining({ known_at: floor })] });
  expect(Object.keys(rows['ticks']?.[0] ?? {})).not.toContain('imported_at');
  const history = await sinkRows('ticks-backfill', {});
  expect(history.rows['ticks']?.[0]).toMatchObject({ known_at: floor, origin: 'backfill' });
  expect(history.rows['ticks']?.[0]).not.toHaveProperty('imported_at');
});
