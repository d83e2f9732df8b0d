/** The Python lines of README and `docs/`, as they stand there but for places, on a test's set. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { DatasetManifest } from '../../pipelines/dataset/definition.ts';
import { makeDataset } from '../../pipelines/dataset/make.ts';
import { formatUs } from '../../src/domain/time.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import { featuresTable } from '../../src/questdb/tables/features.ts';
import { labels } from '../../src/questdb/tables/labels.ts';
import { ticks } from '../../src/questdb/tables/ticks.ts';
import { CUTS, END, INSTRUMENTS, rawRows, START } from '../support/point-in-time.ts';
import { hasPython, pythonWith } from '../support/python.ts';
import { readBlocks, parseFrames } from '../support/readme.ts';

const PACKAGES = [
  'pandas==3.1.1',
  'pyarrow==26.0.1',
  'polars==2.1.0',
  'duckdb==2.0.0',
  'connectorx==0.4.6',
];

const lines = readBlocks(PROJECT_DIR).flatMap(parseFrames);

let context: Context;
let dir: string;
let manifest: DatasetManifest;

beforeAll(async () => {
  context = openContext(loadConfig(), 'test');
  dir = mkdtempSync(join(tmpdir(), 'tickloom-python-'));
  const rows = rawRows(20_310_304);
  const writer = context.questdbWriter();
  const tick = { id: '1', price: 1, size: 1, side: null, ts: START, known_at: START };
  await writer.write(
    ticks,
    INSTRUMENTS.map((key) => ({ ...key, ...tick })),
  );
  await writer.write(featuresTable(FEATURE_NAMES), rows.features);
  await writer.write(labels, rows.labels);
  await context.questdbReader().waitApplied(['ticks', 'features', 'labels']);
  const ask = { from: formatUs(START), to: formatUs(END), as_of: formatUs(CUTS[2]) };
  const options = { out: join(dir, 'set'), entities: null };
  manifest = await makeDataset(
    context,
    { ...ask, symbols: INSTRUMENTS.map(instrumentKey) },
    options,
  );
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await context.close();
});

/** `user:password@host:port`. */
const urlAuthority = (url: string): string => /\/\/([^/]*)/.exec(url)?.[1] ?? '';

/** The line's frame as rows and columns. */
function run(line: string): { rows: number; columns: string[] } {
  const { questdbPgUrl, postgresUrl } = context.config;
  const here = line
    .replaceAll('out/eurusd', join(dir, 'set'))
    .replace(/[\w:]*@?127\.0\.0\.1:18812/, urlAuthority(questdbPgUrl))
    .replace(/[\w:]*@?127\.0\.0\.1:15432/, urlAuthority(postgresUrl));
  const script = `
import json, pandas as pd, polars as pl, duckdb, connectorx as cx
frame = ${here}
print(json.dumps({"rows": len(frame), "columns": list(frame.columns)}))`;
  const answer = execFileSync(pythonWith(PACKAGES), ['-c', script], { encoding: 'utf8' });
  return JSON.parse(answer) as { rows: number; columns: string[] };
}

test.skipIf(!hasPython).each(lines)('%s', (line) => {
  const { rows, columns } = run(line);
  if (line.includes('out/eurusd')) {
    expect(rows).toBe(manifest.rows);
    const all = ['ts', 'decided_ts', 'venue', 'symbol', 'up', 'forward_return'];
    expect(columns).toEqual(expect.arrayContaining([...all, ...FEATURE_NAMES]));
  } else if (line.includes('labels_latest')) {
    expect([rows, columns.includes('label_known_at')]).toEqual([1000, true]);
  } else {
    expect([rows > 0, columns]).toEqual([true, ['dataset_id', 'rows']]);
  }
});

test('there is a line for each library', () => {
  expect(new Set(lines.map((line) => line.split('.')[0]))).toEqual(
    new Set(['pd', 'pl', 'duckdb', 'cx']),
  );
});
