/**
 * The point-in-time join beside pandas, from the same Parquet files to a Parquet file.
 *
 *   node --import tsx test/bench/datasets.ts [--features 2000000] [--requests 200000] [--rounds 3]
 *
 * Each run is a process of its own, in turns. pandas joins by `merge_asof`; ours also chooses
 * among revisions, and keeps to its memory limit. The rows of both are compared before a number is
 * printed. pandas comes from an environment that is made the first time.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { duckRow, literal, openDuckdb } from '../../pipelines/dataset/duckdb.ts';
import { assert } from '../../src/assert.ts';
import { joinAll } from '../../pipelines/dataset/join.ts';
import { createStages, featureTable } from '../../pipelines/dataset/stage.ts';
import { PARQUET } from '../../pipelines/dataset/write.ts';
import { pythonWith } from '../support/python.ts';
import { median } from './measure.ts';

const PACKAGES = ['pandas==3.1.1', 'pyarrow==26.0.1'];
const COLUMNS = Array.from({ length: 10 }, (_, at) => `x${at}`);
const INSTRUMENTS = 20;

const { values } = parseArgs({
  options: {
    features: { type: 'string', default: '2000000' },
    requests: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
    memory: { type: 'string', default: '512' },
    /** Does one run of ours in this directory, and prints what it took. */
    run: { type: 'string' },
  },
});

interface Took {
  readonly cpu_s: number;
  readonly wall_s: number;
  readonly peak_mb: number;
}

const files = (dir: string) => ({
  features: join(dir, 'features.parquet'),
  requests: join(dir, 'requests.parquet'),
});

/** Rows a minute apart for each instrument, each decided some seconds behind its minute. */
async function drawn(dir: string): Promise<void> {
  const { db, close } = await openDuckdb({ dirs: [dir] });
  const { features, requests } = files(dir);
  const [n, m] = [Number(values.features), Number(values.requests)];
  const perInstrument = Math.floor(n / INSTRUMENTS);
  const values_ = COLUMNS.map(
    (name, at) => `hash(i * 16 + ${at}) / 18446744073709551616.0 AS ${name}`,
  );
  await db.run(
    `COPY (SELECT (i // ${perInstrument})::INTEGER AS instrument,
         (i % ${perInstrument}) * 60000000 + 1700000000000000 AS ts,
         ts + 2000000 + (hash(i) % 30000000)::BIGINT AS decided_ts, decided_ts AS known_at,
         0::INTEGER AS revision, ${values_.join(', ')}
       FROM range(${n}) t(i)) TO ${literal(features)} (FORMAT parquet)`,
  );
  await db.run(
    `COPY (SELECT i AS request_row, (hash(i * 7) % ${INSTRUMENTS})::INTEGER AS instrument,
         1700000000000000 + (hash(i) % ${perInstrument * 60_000_000})::BIGINT AS requested_at
       FROM range(${m}) t(i)) TO ${literal(requests)} (FORMAT parquet)`,
  );
  close();
}

async function ours(dir: string): Promise<Took> {
  const work = mkdtempSync(join(dir, 'work-'));
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const { db, close } = await openDuckdb({
    dir: work,
    dirs: [dir],
    memoryMb: Number(values.memory),
  });
  const sets = [{ feature_set: 'bench@1', features: COLUMNS }];
  const { features, requests } = files(dir);
  await createStages(db, sets);
  await db.run(`CREATE TABLE instruments AS SELECT i::INTEGER AS instrument, 'v' AS venue,
    'S' || i AS symbol FROM range(${INSTRUMENTS}) t(i)`);
  // The keys are read for the join, the values where they are somebody's answer.
  await db.run(`DROP TABLE ${featureTable(0)}`);
  await db.run(`CREATE VIEW ${featureTable(0)} AS SELECT *, file_row_number AS rowid
    FROM read_parquet(${literal(features)}, file_row_number = true)`);
  await db.run(`CREATE TABLE requests AS FROM read_parquet(${literal(requests)})`);
  await joinAll(db, {
    feature_sets: sets,
    label_spec: null,
    known: 'as-of',
    max_age_us: null,
    isDecisions: false,
  });
  const columns = ['request_row', 'epoch_us(ts) AS ts', ...COLUMNS].join(', ');
  const out = literal(join(dir, 'ours.parquet'));
  await db.run(`COPY (SELECT ${columns} FROM dataset ORDER BY request_row) TO ${out} (${PARQUET})`);
  close();
  const { user, system } = process.cpuUsage(cpu);
  const peak_mb = process.resourceUsage().maxRSS / 1024;
  return { cpu_s: (user + system) / 1e6, wall_s: (performance.now() - wall) / 1000, peak_mb };
}

const json = (command: string, args: readonly string[]): Took =>
  JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as Took;

async function same(dir: string): Promise<void> {
  const { db, close } = await openDuckdb({ dirs: [dir] });
  const rows = (file: string): string =>
    `SELECT request_row, ts, ${COLUMNS.join(', ')} FROM read_parquet(${literal(join(dir, file))})`;
  const [a, b] = [rows('ours.parquet'), rows('pandas.parquet')];
  const { n } = await duckRow<{ n: number }>(
    db,
    `SELECT count(*) AS n FROM ((${a} EXCEPT ALL ${b}) UNION ALL (${b} EXCEPT ALL ${a}))`,
  );
  close();
  assert(n === 0, `${n} rows of the two joins differ`);
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-bench-datasets-'));
  try {
    const bin = pythonWith(PACKAGES);
    await drawn(dir);
    const { features, requests } = files(dir);
    const peer = [join(import.meta.dirname, 'datasets-pandas.py'), features, requests];
    const own = ['--import', 'tsx', import.meta.filename, '--run', dir, '--memory', values.memory];
    const took: Record<'ours' | 'pandas', Took[]> = { ours: [], pandas: [] };
    for (let round = 0; round < Number(values.rounds); round++) {
      took.pandas.push(json(bin, [...peer, join(dir, 'pandas.parquet')]));
      took.ours.push(json(process.execPath, own));
    }
    await same(dir);
    const of = (side: readonly Took[], key: keyof Took): number =>
      median(side.map((each) => each[key]));
    for (const [name, side] of Object.entries(took)) {
      const [cpu, wall, peak] = (['cpu_s', 'wall_s', 'peak_mb'] as const).map((k) => of(side, k));
      const numbers = `${cpu?.toFixed(2)} s CPU, ${wall?.toFixed(2)} s, ${peak?.toFixed(0)} MB`;
      console.log(`${name.padEnd(8)} ${numbers}`);
    }
    const ratio = of(took.pandas, 'cpu_s') / of(took.ours, 'cpu_s');
    const verdict = ratio >= 1 ? 'met' : 'MISSED';
    console.log(
      `${values.requests} requests x ${values.features} feature rows: ${ratio.toFixed(2)} of ` +
        `pandas' speed by CPU, equal rows; goal 1 x ${verdict}`,
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

if (values.run === undefined) await main();
else console.log(JSON.stringify(await ours(values.run)));
