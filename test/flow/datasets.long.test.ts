/**
 * A training set of the present, on the running flow: asked for in the tables, cut in the log, made
 * by the jobs process, and the same again once more has come in.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDataset } from '../../pipelines/dataset/build.ts';
import { makeDataset } from '../../pipelines/dataset/make.ts';
import { appendBarrier } from '../../pipelines/control/as-of-barrier.ts';
import { replayRange } from '../../pipelines/quality/replay-check.ts';
import { loadTrainingSet } from '../../pipelines/dataset/load.ts';
import { trainingPool } from '../../pipelines/training/training-pool.ts';
import type { DatasetManifest } from '../../pipelines/dataset/definition.ts';
import { verifyDataset } from '../../pipelines/dataset/verify.ts';
import { formatUs, parseUs, US_PER_HOUR } from '../../src/domain/time.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import {
  isUnderWay,
  readDataset,
  readEntities,
  saveEntities,
  saveRequest,
} from '../../src/postgres/tables/datasets.ts';
import { addDueRuns } from '../../src/postgres/tables/job-runs.ts';
import { toEntities } from '../../pipelines/dataset/entities.ts';
import { Installation } from '../support/installation.ts';

const KEY = { venue: 'datasets', symbol: 'SET/USD' };
const START = parseUs('2013-03-01T10:00:00Z');
const END = START + 6 * US_PER_HOUR;

let installation: Installation;
/** The `as_of` of two sets, the second two hours of the market later. */
let cuts: readonly number[];
beforeAll(async () => {
  const pool = 'datasets:OTHER/USD,datasets:SET/USD,datasets:NEVER/USD';
  installation = new Installation({ TICKLOOM_TRAIN_POOL: pool });
  for (const name of ['stream', 'sink', 'money', 'jobs'] as const) await installation.start(name);
});
afterAll(() => installation.close());

const feed = (fromUs: number, toUs: number): Promise<void> => {
  const market = { seed: 5, venue: KEY.venue, symbols: [KEY.symbol], rate: 0.2 };
  return installation.feed(mergedTrades({ ...market, fromUs, toUs, edge: 'none' }));
};

/** The set that the jobs process makes of the request. */
async function made(id: string, request: object, dueTs: number): Promise<DatasetManifest> {
  const { postgres } = installation.context;
  await saveRequest(postgres, id, request);
  await addDueRuns(postgres, 'dataset', [id], dueTs);
  const deadline = performance.now() + 120_000;
  while (await isUnderWay(postgres, id)) {
    if (performance.now() > deadline) throw new Error(installation.output('jobs'));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { rows } = await postgres.query<{ progress: string; dataset_id: string }>(
    'SELECT progress, dataset_id FROM dataset_requests WHERE request_id = $1',
    [id],
  );
  expect(rows[0]?.progress).toBe('done');
  const set = await readDataset<DatasetManifest>(postgres, rows[0]?.dataset_id ?? '');
  const { manifest, path } = set ?? { manifest: null, path: null };
  expect(path).toContain(id);
  return manifest as DatasetManifest;
}

test('a set without an as_of is cut, and stays what it is', { timeout: 300_000 }, async () => {
  await feed(START, END);
  const { context } = installation;
  const ask = { from: '2013-03-01', to: '2013-03-02', symbols: ['datasets:SET/USD'] };
  const set = await made('dr-decisions', { ask, entities: null }, END);
  expect(set.rows_in).toBeGreaterThan(300);
  const { immature = 0 } = set.excluded;
  expect([set.rows > 100, immature >= 55 && immature <= 65]).toEqual([true, true]);
  expect(set.cut?.value).toBe(set.as_of);
  expect(Object.keys(set.cut?.offsets ?? {})).toHaveLength(context.config.partitions);

  const times = [0, 1, 2].map((n) => ({ ...KEY, ts: START + 4 * US_PER_HOUR + n }));
  const entities = toEntities(times, []);
  await saveEntities(context.postgres, entities);
  const { csv: _, ...kept } = entities;
  const own = await made('dr-requests', { ask: {}, entities: kept }, END);
  expect([own.rows, own.rows_in, own.keep]).toEqual([3, 3, 'all']);

  await feed(END, END + 2 * US_PER_HOUR);
  for (const manifest of [set, own]) {
    const kept_ = async (): Promise<string | null> =>
      readEntities(context.postgres, manifest.entities?.sha256 ?? '');
    const findings = await verifyDataset(installation.reader, manifest, {
      dir: null,
      entities: kept_,
    });
    expect(findings).toEqual([]);
  }
  const later = await made('dr-later', { ask, entities: null }, END + 2 * US_PER_HOUR);
  expect(later.rows_in).toBeGreaterThan(set.rows_in);
  cuts = [parseUs(set.as_of), parseUs(later.as_of)];
});

test('a pool has the rows of its other members as known then, and none of mismatches', async () => {
  const { context, reader } = installation;
  const { labelSpec } = context.config;
  const [asOfUs = 0, laterUs = 0] = cuts;
  const request = { labelSpec, fromUs: START, toUs: END, asOfUs };
  const pool = await trainingPool(context, 'datasets:OTHER/USD', request);
  expect(pool.map(({ instrument }) => instrument)).toEqual(['datasets:SET/USD']);
  const { rows } = await loadTrainingSet(reader, { ...KEY, ...request });
  expect(rows.length).toBeGreaterThan(50);
  expect(pool[0]?.rows).toEqual(rows);
  const later = { ...request, asOfUs: laterUs };
  const [grown] = await trainingPool(context, 'datasets:OTHER/USD', later);
  expect(grown?.rows.length).toBeGreaterThan(rows.length + 50);
  expect(await trainingPool(context, 'datasets:SET/USD', request)).toEqual([]);
  expect(await trainingPool(context, 'datasets:STRANGER/USD', request)).toEqual([]);
});

const PAST = parseUs('2012-03-01T10:00:00Z');
const AS_OF = parseUs('2012-03-02T00:00:00Z');

test(
  'a recording of the past is known in its own time, if it says so',
  { timeout: 300_000 },
  async () => {
    const { context, reader } = installation;
    const dir = mkdtempSync(join(tmpdir(), 'tickloom-imports-'));
    const market = { seed: 6, venue: 'imports', rate: 0.2, edge: 'none' } as const;
    const between = (symbol: string, from: number, to: number) =>
      mergedTrades({
        ...market,
        symbols: [symbol],
        fromUs: PAST + from * US_PER_HOUR,
        toUs: PAST + to * US_PER_HOUR,
      });
    const notes: string[] = [];
    const build = async (symbol: string, name: string) => {
      const ask = {
        from: '2012-03-01',
        to: '2012-03-02',
        as_of: formatUs(AS_OF),
        symbols: [symbol],
      };
      const onNotice = (line: string): number => notes.push(line);
      return makeDataset(context, ask, { out: join(dir, name), entities: null, onNotice });
    };
    const findings = (manifest: DatasetManifest, name: string): Promise<string[]> =>
      verifyDataset(reader, manifest, {
        dir: join(dir, name),
        entities: () => Promise.resolve(null),
      });
    try {
      await appendBarrier(context, { job: 'imports', subject: 'all', dueTs: START });
      await installation.feed(between('PLAIN/USD', 0, 3));
      const plain = await build('imports:PLAIN/USD', 'plain');
      expect([plain.rows_in, plain.rows, plain.imported_by]).toEqual([0, 0, undefined]);
      expect(notes.join()).toMatch(
        /^1\d\d feature rows of imports:PLAIN\/USD from .* are known only since 20.*--known-at/,
      );

      const { labelSpec } = context.config;
      const key = { venue: 'imports', symbol: 'TAPE/USD' };
      const range = { fromUs: PAST, toUs: AS_OF, asOfUs: AS_OF };
      const request = { instruments: [key], labelSpec, ...range, out: join(dir, 'before') };
      const before = await buildDataset(reader, request);
      await installation.feed(between('TAPE/USD', 0, 3), { imported: true });
      const tape = await build('imports:TAPE/USD', 'tape');
      expect(tape.rows).toBeGreaterThan(50);
      expect(tape.imported).toBe(tape.rows);
      expect(parseUs(tape.imported_by ?? '')).toBeGreaterThan(AS_OF);
      expect(await build('imports:TAPE/USD', 'again')).toEqual(tape);
      expect(notes).toHaveLength(1);
      expect(await findings(before, 'before')).toEqual([]);

      await installation.feed(between('TAPE/USD', 3, 5), { imported: true });
      expect(await findings(tape, 'tape')).toEqual([]);
      expect((await build('imports:TAPE/USD', 'longer')).rows).toBeGreaterThan(tape.rows + 60);

      const [row] = await reader.query(
        `SELECT min(known_at) AS first, max(known_at) AS last, min(imported_at) AS came,
         count_distinct(origin) AS origins, min(origin) AS origin
       FROM ticks WHERE venue = 'imports' AND symbol = 'TAPE/USD'`,
      );
      expect(row).toMatchObject({ origin: 'import', origins: 1 });
      const { first, last, came } = row as Record<string, number>;
      expect([first! >= PAST, last! < AS_OF, came! > AS_OF]).toEqual([true, true, true]);

      const report = await replayRange(context, key, { fromUs: PAST, toUs: AS_OF, check: true });
      expect(report.imported).toBeGreaterThan(200);
      const none = { checked: 0, missing: 0, extra: 0 };
      expect([report.features, report.labels]).toMatchObject([none, none]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);
