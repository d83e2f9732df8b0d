/** A set's directory as one file and as a frame: all rows, in order, the same bytes again. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { duckRows, literal, openDuckdb } from '../../../pipelines/dataset/duckdb.ts';
import { datasetFrame } from '../../../pipelines/dataset/frame.ts';
import { describeFrame } from '../../../src/summaries/frame-columns.ts';
import { wholeFile } from '../../../pipelines/dataset/whole.ts';

let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tickloom-whole-'));
  const { db, close } = await openDuckdb({ dirs: [dir] });
  for (const [date, symbol, first] of [
    ['2024-01-01', 'A%2FUSD', 0],
    ['2024-01-01', 'B%2FUSD', 2],
    ['2024-01-02', 'A%2FUSD', 4],
  ] as const) {
    const folder = join(dir, 'set', `date=${date}`, `symbol=${symbol}`);
    mkdirSync(folder, { recursive: true });
    await db.run(
      `COPY (SELECT make_timestamptz(1704067200000000 + i) AS ts, 'v' AS venue,
         i / 10.0::DOUBLE AS x FROM range(${first}, ${first + 2}) t(i))
       TO ${literal(join(folder, 'data_0.parquet'))} (FORMAT parquet)`,
    );
  }
  close();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const set = { dataset_id: 'ds-1' };

test('the file has every row in the order of date, symbol and time', async () => {
  const file = await wholeFile(set, join(dir, 'set'), join(dir, 'files'), 'parquet');
  const { db, close } = await openDuckdb({ dirs: [dir] });
  const rows = await duckRows(
    db,
    `SELECT symbol, epoch_us(ts) - 1704067200000000 AS n, x FROM read_parquet(${literal(file)})`,
  );
  close();
  expect(rows.map((row) => Object.values(row))).toEqual([
    ['A/USD', 0, 0],
    ['A/USD', 1, 0.1],
    ['B/USD', 2, 0.2],
    ['B/USD', 3, 0.3],
    ['A/USD', 4, 0.4],
    ['A/USD', 5, 0.5],
  ]);
});

test('made again it is the same bytes, and two who ask at once get one', async () => {
  const folders = ['files', 'again'].map((name) => join(dir, name));
  const [one, other] = await Promise.all(
    folders.map((folder) => wholeFile(set, join(dir, 'set'), folder, 'parquet')),
  );
  expect(readFileSync(one ?? '').equals(readFileSync(other ?? ''))).toBe(true);
  const both = [1, 2].map(() => wholeFile(set, join(dir, 'set'), join(dir, 'csv'), 'csv'));
  const [first = '', second] = await Promise.all(both);
  expect(first).toBe(second);
  expect(readFileSync(first, 'utf8').split('\n').slice(0, 3)).toEqual([
    'symbol,ts,venue,x',
    'A/USD,2024-01-01T00:00:00.000000Z,v,0.0',
    'A/USD,2024-01-01T00:00:00.000001Z,v,0.1',
  ]);
});

test('a small set is a danfojs frame', async () => {
  const frame = await datasetFrame(join(dir, 'set'));
  expect(frame.shape).toEqual([6, 4]);
  expect(frame.columns.toSorted()).toEqual(['symbol', 'ts', 'venue', 'x']);
  expect(frame.column('x').sum()).toBeCloseTo(1.5, 12);
  expect(frame.column('ts').values[1]).toBe('2024-01-01T00:00:00.000001Z');
  expect(await describeFrame(frame)).toEqual([
    {
      ...{ column: 'x', count: 6, missing: 0, mean: expect.closeTo(0.25, 12) },
      std: expect.closeTo(0.187082869338697, 12),
      ...{ min: 0, median: 0.25, max: 0.5 },
    },
  ]);
});
