/** The entry of a training job's set: the same rows give the same id, any other number another. */
import { expect, test } from 'vitest';
import { trainedSet, type TrainedOn } from '../../../pipelines/dataset/trained.ts';
import type { TrainingRow } from '../../../src/learning/train-fold.ts';

const row = (change: Partial<TrainingRow> = {}): TrainingRow => ({
  decidedTs: 1_000_000,
  labelEndTs: 2_000_000,
  values: [1, null],
  up: 1,
  forwardReturn: 0.01,
  championProbability: null,
  championReturn: null,
  ...change,
});

const on = (rows: readonly TrainingRow[], change: Partial<TrainedOn> = {}): TrainedOn => ({
  ...{ subject: 'oanda:EUR/USD', labelSpec: 'direction_1h@1', pool: [] },
  ...{ fromUs: 0, toUs: 3_000_000, asOfUs: 4_000_000 },
  set: { rows, rowTs: rows.map(() => 0), rowsIn: rows.length + 2, excluded: { immature: 2 } },
  ...change,
});

const datasetId = (request: TrainedOn): string => trainedSet(request).dataset_id;

test('the definition, the counts and the rows are in it', () => {
  const pool = [{ instrument: 'oanda:GBP/USD', rows: [row(), row()] }];
  const set = trainedSet(on([row()], { pool }));
  expect(set).toMatchObject({
    ...{ origin: 'training', label_spec: 'direction_1h@1', as_of: '1970-01-01T00:00:04.000000Z' },
    ...{ instruments: ['oanda:EUR/USD', 'oanda:GBP/USD'], keep: 'complete', known: 'as-of' },
    ...{ rows: 1, rows_in: 3, excluded: { immature: 2 } },
    pool: [{ instrument: 'oanda:GBP/USD', rows: 2 }],
  });
  expect(set.dataset_id).toBe(`ds-${set.sha256.slice(0, 16)}`);
  expect(datasetId(on([row()], { pool }))).toBe(set.dataset_id);
});

test.each<[string, TrainedOn]>([
  ['a value', on([row({ values: [1, 0] })])],
  ['a later end of the outcome', on([row({ labelEndTs: 2_000_001 })])],
  ['the smallest other return', on([row({ forwardReturn: 0.01 + 2e-18 })])],
  ['the outcome', on([row({ up: 0 })])],
  ['what the champion said', on([row({ championReturn: 0 })])],
  ['one row more', on([row(), row()])],
  ['another moment', on([row()], { asOfUs: 4_000_001 })],
  ['the row in the pool', on([], { pool: [{ instrument: 'oanda:GBP/USD', rows: [row()] }] })],
])('%s makes another set', (_, other) => {
  expect(datasetId(other)).not.toBe(datasetId(on([row()])));
});
