/**
 * Training sets from real tables: row for row what a program in Python computes from the raw rows,
 * the same bytes whatever is found out later, and a verdict where they are not.
 */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { duckRows, identifier, literal, openDuckdb } from '../../pipelines/dataset/duckdb.ts';
import { must } from '../../src/assert.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { DatasetRequest } from '../../pipelines/dataset/request.ts';
import type { DatasetManifest } from '../../pipelines/dataset/definition.ts';
import { readEntityFile } from '../../pipelines/dataset/entities.ts';
import { knownInstruments, makeDataset } from '../../pipelines/dataset/make.ts';
import { verifyDataset } from '../../pipelines/dataset/verify.ts';
import { formatUs, US_PER_MIN } from '../../src/domain/time.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import { readEntities } from '../../src/postgres/tables/datasets.ts';
import { featuresTable, type FeatureRow } from '../../src/questdb/tables/features.ts';
import { labels } from '../../src/questdb/tables/labels.ts';
import { predictions } from '../../src/questdb/tables/predictions.ts';
import { ticks } from '../../src/questdb/tables/ticks.ts';
import { hasPython } from '../support/python.ts';
import {
  askOracle,
  CUTS,
  drawnRequests,
  END,
  entityFile,
  INSTRUMENTS,
  LABEL_SPEC,
  rawRows,
  START,
  type OracleRow,
  type Question,
} from '../support/point-in-time.ts';

const rows = rawRows(20_310_304);
const requests = drawnRequests(4, rows);
const symbols = INSTRUMENTS.map(instrumentKey);
const table = featuresTable(FEATURE_NAMES);
const between = CUTS[0] + US_PER_MIN;

let context: Context;
let dir: string;
let built = 0;

beforeAll(async () => {
  context = openContext(loadConfig(), 'test');
  dir = mkdtempSync(join(tmpdir(), 'tickloom-datasets-'));
  const writer = context.questdbWriter();
  const tick = { id: '1', price: 1, size: 1, side: null, ts: START, known_at: START };
  await writer.write(
    ticks,
    INSTRUMENTS.map((key) => ({ ...key, ...tick })),
  );
  await writer.write(table, rows.features);
  await writer.write(labels, rows.labels);
  await writer.write(predictions, rows.predictions);
  const names = ['ticks', 'features', 'labels', 'predictions'];
  await context.questdbReader().waitApplied(names);
  writeFileSync(join(dir, 'requests.csv'), entityFile(requests));
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await context.close();
});

async function build(ask: DatasetRequest, file?: string) {
  const out = join(dir, `set-${built++}`);
  const known = await knownInstruments(context.questdbReader());
  const entities = file === undefined ? null : await readEntityFile(join(dir, file), known);
  return { out, manifest: await makeDataset(context, ask, { out, entities }) };
}

const decisions = (asOfUs: number): DatasetRequest => ({
  from: formatUs(START),
  to: formatUs(END),
  as_of: formatUs(asOfUs),
  symbols,
});

const verify = (manifest: DatasetManifest, out: string | null): Promise<string[]> =>
  verifyDataset(context.questdbReader(), manifest, {
    dir: out,
    entities: async () =>
      manifest.entities === null ? null : readEntities(context.postgres, manifest.entities.sha256),
  });

/** The files' rows as the second program writes its own. */
async function rowsIn(out: string, { entities, keep }: DatasetManifest): Promise<OracleRow[]> {
  const { db, close } = await openDuckdb({ dirs: [out] });
  const us = (name: string): string => `epoch_us(${name}) AS ${name}`;
  const own = entities === null ? '' : `request_row, ${us('request_ts')},`;
  const found = await duckRows<OracleRow & Record<string, number | null>>(
    db,
    `SELECT venue, symbol, ${own} ${us('ts')}, ${us('decided_ts')}, up, forward_return,
       ${us('exit_ts')}, champion_probability, ${keep === 'all' ? 'missing,' : ''}
       ${FEATURE_NAMES.map(identifier).join(', ')}
     FROM read_parquet(${literal(join(out, '**', '*.parquet'))}, hive_partitioning = true,
       hive_types_autocast = false)`,
  );
  close();
  return found.map((row) => {
    const values = Object.fromEntries(FEATURE_NAMES.map((name) => [name, row[name] ?? null]));
    const rest = Object.entries(row).filter(([name]) => !(name in values));
    return { ...(Object.fromEntries(rest) as unknown as OracleRow), values };
  });
}

const inOrder = (found: readonly OracleRow[]): OracleRow[] =>
  found.toSorted((a, b) =>
    a.request_row === undefined || b.request_row === undefined
      ? `${instrumentKey(a)}${a.ts}` < `${instrumentKey(b)}${b.ts}`
        ? -1
        : 1
      : a.request_row - b.request_row,
  );

const without = (row: OracleRow, ...names: string[]): object =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));

describe.skipIf(!hasPython)('the join equals the second program, row for row', () => {
  test.each([CUTS[0] - 1, CUTS[0], between, CUTS[2]])('decisions as known at %i', async (asOf) => {
    const { out, manifest } = await build(decisions(asOf));
    const question: Question = {
      ...{ as_of: asOf, known: 'as-of', keep: 'complete', max_age_us: null },
      ...{ from: START, to: END },
    };
    const expected = askOracle(rows, [], question);
    const hidden = ['request_row', 'request_ts', 'missing'];
    expect(inOrder(await rowsIn(out, manifest)).map((row) => without(row))).toEqual(
      inOrder(expected.map((row) => without(row, ...hidden) as OracleRow)),
    );
    const all = askOracle(rows, [], { ...question, keep: 'all' });
    const counts: Record<string, number> = {};
    for (const { missing } of all) {
      if (missing !== null) counts[missing] = (counts[missing] ?? 0) + 1;
    }
    expect(manifest.rows_in).toBe(all.length);
    expect(manifest.excluded).toEqual(counts);
    expect(Object.keys(counts).length).toBeGreaterThan(1);
  });

  test.each([
    ['request', null],
    ['request', 5 * US_PER_MIN],
    ['as-of', null],
    ['as-of', 90_000_000],
  ] as const)('requests, known=%s, max age %s µs', async (known, maxAge) => {
    const age = maxAge === null ? {} : { max_age: `${maxAge / 1_000_000}s` };
    const ask = { as_of: formatUs(CUTS[1]), known, ...age };
    const { out, manifest } = await build(ask, 'requests.csv');
    const expected = askOracle(rows, requests, {
      ...{ as_of: CUTS[1], known, keep: 'all', max_age_us: maxAge, from: null, to: null },
    });
    const found = inOrder(await rowsIn(out, manifest));
    expect(found).toHaveLength(requests.length);
    expect(found).toEqual(inOrder(expected));
    expect(new Set(found.map(({ missing }) => missing)).size).toBeGreaterThan(3);
  });
});

describe('an as-of', () => {
  test('between two revisions gives the first, and the moment of one gives it', async () => {
    const revisions = (f: FeatureRow): FeatureRow[] =>
      rows.features.filter(
        ({ ts, venue, symbol }) =>
          ts === f.ts && instrumentKey({ venue, symbol }) === instrumentKey(f),
      );
    const clocks = (f: FeatureRow): string =>
      [...new Set(revisions(f).map(({ revision, known_at }) => `${revision}@${known_at}`))].join();
    const twice = rows.features.find(
      (f) =>
        f.revision === 0 &&
        f.known_at < CUTS[0] &&
        clocks(f) === `0@${f.known_at},1@${CUTS[0]},2@${CUTS[1]}`,
    );
    const { venue, symbol, ts } = must(twice, 'a row with two revisions');
    const of = revisions(must(twice));
    const [name = ''] = FEATURE_NAMES;
    for (const asOf of [CUTS[0] - 1, CUTS[0], CUTS[1] - 1, CUTS[1]]) {
      const ask = { ...decisions(asOf), from: formatUs(ts), to: formatUs(ts + 1) };
      const { out, manifest } = await build({ ...ask, keep: 'all' });
      const found = (await rowsIn(out, manifest)).find(
        (row) => instrumentKey(row) === `${venue}:${symbol}`,
      );
      const newest = of.findLast((f) => f.known_at <= asOf);
      expect(found?.values[name]).toBe(must(newest)[name]);
    }
  });
});

describe('a set', () => {
  test('Feast #2980: is the same bytes again, also once the tables hold newer revisions', async () => {
    const first = await build(decisions(between));
    const requested = await build({ as_of: formatUs(between) }, 'requests.csv');
    const later = { known_at: CUTS[2] + 1, revision: 7 };
    const again = rows.features.slice(0, 200).map((row) => ({ ...row, ...later, rsi_14_1m: 1 }));
    await context.questdbWriter().write(table, again);
    const regraded = rows.labels
      .slice(0, 200)
      .map((row) => ({ ...row, revision: 7, label_known_at: CUTS[2] + 1, up: 1 as const }));
    await context.questdbWriter().write(labels, regraded);
    await context.questdbReader().waitApplied(['features', 'labels']);
    const second = await build(decisions(between));
    expect(second.manifest).toEqual(first.manifest);
    expect(await verify(first.manifest, first.out)).toEqual([]);
    expect(await verify(requested.manifest, requested.out)).toEqual([]);
    // From what is kept in PostgreSQL alone.
    expect(await verify(requested.manifest, null)).toEqual([]);
    const now = await build(decisions(CUTS[2] + 1));
    expect(now.manifest.sha256).not.toBe(first.manifest.sha256);
  });

  test('is told from another by the command, with what differs', async () => {
    const { out, manifest } = await build(decisions(between));
    const cli = (...args: string[]) =>
      spawnSync(process.execPath, ['infra/bin/tickloom.mjs', 'dataset', ...args], {
        cwd: PROJECT_DIR,
        encoding: 'utf8',
      });
    const good = cli('verify', out);
    expect([good.status, good.stdout]).toEqual([0, expect.stringContaining('byte for byte')]);
    expect(cli('list').stdout).toContain(manifest.dataset_id);

    const file = readdirSync(out, { recursive: true, encoding: 'utf8' }).find((path) =>
      path.endsWith('.parquet'),
    );
    appendFileSync(join(out, must(file)), 'x');
    const bad = cli('verify', manifest.dataset_id);
    expect(bad.status).toBe(1);
    expect(bad.stdout).toContain('its sha256 differs');

    const copy = join(dir, 'pulled');
    const pulled = cli('pull', manifest.dataset_id, '--out', copy);
    expect([pulled.status, pulled.stdout]).toEqual([0, expect.stringContaining('made again')]);
    expect(await verify(manifest, copy)).toEqual([]);
  });

  test('differs once a row that it had was overwritten, and says which', async () => {
    const { out, manifest } = await build(decisions(between));
    const [served] = await rowsIn(out, manifest);
    const { venue, symbol, ts } = must(served);
    const of = rows.features.filter((f) => f.ts === ts && f.venue === venue && f.symbol === symbol);
    const row = must(of.findLast(({ known_at }) => known_at <= between));
    await context.questdbWriter().write(table, [{ ...row, rsi_14_1m: 12_345.5 }]);
    await context.questdbReader().waitApplied(['features']);
    const findings = await verify(manifest, out);
    expect(findings.join('\n')).toMatch(/1 rows differ, .*rsi_14_1m was .*, is 12345\.5/);
    await context.questdbWriter().write(table, [row]);
    await context.questdbReader().waitApplied(['features']);
    expect(await verify(manifest, out)).toEqual([]);
  });

  test('without a row is none the less a set, and one of nothing asked is refused', async () => {
    const empty = await build({
      ...decisions(between),
      ...{ from: '2031-01-01', to: '2031-01-02', label: LABEL_SPEC },
    });
    expect([empty.manifest.rows_in, empty.manifest.files]).toEqual([0, []]);
    await expect(build({ from: '2031-01-02', to: '2031-01-01' })).rejects.toThrow('is not before');
    writeFileSync(join(dir, 'wrong.csv'), 'symbol,ts\npit:A/USD,2031-03-04\npit:A/USD,yesterday\n');
    await expect(build({}, 'wrong.csv')).rejects.toThrow('request 2 of 2: "yesterday"');
    writeFileSync(join(dir, 'twofold.csv'), 'symbol,ts\nA/USD,2031-03-04\n');
    // Tests before this one may have stored an instrument of that name too.
    await expect(build({}, 'twofold.csv')).rejects.toThrow(
      /"A\/USD" is stored of ([\w-]+, )*pit, pit2(, [\w-]+)*; add a column "venue"/,
    );
    expect(existsSync(join(dir, `set-${built - 1}`))).toBe(false);
  });
});
