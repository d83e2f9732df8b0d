import { beforeAll, describe, expect, test } from 'vitest';
import { must } from '../../src/assert.ts';
import { US_PER_HOUR } from '../../src/domain/time.ts';
import { pooledRows } from '../../src/learning/pool.ts';
import type { Candidate, CandidateRequest } from '../../src/learning/train.ts';
import type { Trainer, TrainingRow } from '../../src/learning/train-fold.ts';
import { makeCandidate } from '../support/candidate.ts';
import { testLightgbm } from '../support/lightgbm.ts';
import { marketRows } from '../support/market-rows.ts';

const COLUMNS = 12;
const SETTINGS = { embargoUs: US_PER_HOUR, horizonUs: US_PER_HOUR };
const drawRows = (seed: number, edge: number, rows: number): TrainingRow[] =>
  marketRows({ seed, rows, columns: COLUMNS, edge });
const drawMember = (seed: number, edge: number, rows: number) => ({
  instrument: `test:${seed}`,
  rows: drawRows(seed, edge, rows),
});

let trainer: Trainer;
beforeAll(() => {
  trainer = testLightgbm();
}, 180_000);

const train = (rows: readonly TrainingRow[], changes: Partial<CandidateRequest> = {}): Candidate =>
  makeCandidate(rows, { trainer, rounds: 40, ...changes });

describe('the rows of a pool', () => {
  const own = drawRows(1, 0, 300);
  const part = {
    train: Uint32Array.from({ length: 120 }, (_, i) => i),
    testFromTs: must(own[240]).decidedTs,
  };

  test('are over an embargo before the test rows, and in order of time', () => {
    const member = drawMember(2, 0, 300);
    const rows = pooledRows(own, part, [member], SETTINGS);
    const theirs = rows.filter(({ values }) => member.rows.some((row) => row.values === values));
    const over = member.rows.filter(({ labelEndTs }) => labelEndTs + US_PER_HOUR < part.testFromTs);
    expect(theirs).toHaveLength(over.length);
    expect(rows).toHaveLength(120 + over.length);
    expect(over.length).toBeGreaterThan(100);
    expect(rows).toEqual(rows.toSorted((a, b) => a.decidedTs - b.decidedTs));
  });

  test('count returns in the unit of the instrument that is trained', () => {
    const { rows: calm } = drawMember(2, 0, 300);
    const wild = calm.map((row) =>
      Object.assign({}, row, { forwardReturn: row.forwardReturn * 50 }),
    );
    const calmPool = pooledRows(own, part, [{ instrument: 'a', rows: calm }], SETTINGS);
    const wildPool = pooledRows(own, part, [{ instrument: 'a', rows: wild }], SETTINGS);
    for (const [i, row] of wildPool.entries()) {
      expect(row.forwardReturn).toBeCloseTo(must(calmPool[i]).forwardReturn, 12);
    }
  });

  test('have to be in order', () => {
    const { instrument, rows } = drawMember(2, 0, 10);
    const turned = { instrument, rows: rows.toReversed() };
    expect(() => pooledRows(own, part, [turned], SETTINGS)).toThrow('test:2 is out of order');
  });
});

describe('a training with a pool', () => {
  const pool = [drawMember(2, 0.5, 9_000), drawMember(3, 0.5, 9_000)];

  test('takes it where it tells more, and stays judged on its own rows', () => {
    const rows = drawRows(1, 0.5, 6_500);
    const { manifest } = train(rows, { pool, params: { min_data_in_leaf: 600 } });
    const { training, slice, trained } = manifest;
    expect(training!.search.map(({ name }) => name).at(-1)).toBe('medium, pooled');
    expect(training!.search.find(({ chosen }) => chosen)?.name).toBe('medium, pooled');
    expect(training).toMatchObject({
      pooled: true,
      pool: [
        { instrument: 'test:2', rows: 9_000 },
        { instrument: 'test:3', rows: 9_000 },
      ],
    });
    expect(trained.rows + slice.purged + slice.embargoed + slice.test_rows).toBe(rows.length);
    const alone = train(rows).manifest;
    expect(slice.score_auc!).toBeGreaterThan(alone.slice.score_auc!);
    expect(slice.direction.base_rate).toEqual(alone.slice.direction.base_rate);
  });

  test('leaves it where it tells nothing', () => {
    const { manifest } = train(drawRows(1, 0, 6_500), { pool: [drawMember(4, 0, 9_000)] });
    expect(manifest.training).toMatchObject({ pooled: false });
  });

  test('learns nothing of what the pool was like in and behind the holdout', () => {
    const rows = drawRows(1, 0.5, 6_500);
    const only = { searched: [{ name: 'pooled', params: {}, pooled: true }], rounds: 4 };
    const before = train(rows, { ...only, pool });
    const from = before.manifest.slice.test_from_ts - US_PER_HOUR;
    const turned = pool.map(({ instrument, rows: theirs }) => ({
      instrument,
      rows: theirs.map((row) => (row.labelEndTs < from ? row : { ...row, forwardReturn: 0.5 })),
    }));
    expect(train(rows, { ...only, pool: turned }).bytes).toEqual(before.bytes);
    const seen = turned.map((member) => ({ ...member, rows: member.rows.slice(1) }));
    expect(train(rows, { ...only, pool: seen }).bytes).not.toEqual(before.bytes);
  });
});

describe('a training with several seeds', () => {
  test('searches their mean too, and names how many there are where it takes it', () => {
    const rows = drawRows(1, 0.5, 6_500);
    const names = train(rows, { bags: 3, rounds: 2 }).manifest.training!.search;
    expect(names.map(({ name }) => name).at(-1)).toBe('medium, mean of 3 seeds');
    const searched = [{ name: 'three', params: {}, bags: 3 }];
    const { manifest, bytes } = train(rows, { searched });
    expect(manifest.training!.bags).toBe(3);
    expect(train(rows, { searched }).bytes).toEqual(bytes);
    expect(new TextDecoder().decode(bytes).match(/\\nTree=\d+\\n/g)).toHaveLength(2 * 3 * 40);
  });
});
