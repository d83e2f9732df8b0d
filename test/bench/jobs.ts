/**
 * What the jobs cost by the number of instruments, with nothing to do and with one decision each to
 * be labelled: rows written straight into the tables, a jobs process on servers of its own.
 *
 *   node --import tsx test/bench/jobs.ts [--sizes 10,1000,50000] [--idle-s 60]
 *
 * Said of each size: the first sweep of a process, a later one with all markets moved on, the open
 * runs; then the cores that the jobs process and QuestDB use while nothing is to be done.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { recordFile } from '../../infra/local/data-dir.ts';
import { readRecord } from '../../infra/local/process-record.ts';
import { must } from '../../src/assert.ts';
import { monotonicMs, sleep } from '../../src/clock.ts';
import { makeDataset } from '../../pipelines/dataset/make.ts';
import { formatUs, parseUs } from '../../src/domain/time.ts';
import { addDueRuns } from '../../src/postgres/tables/job-runs.ts';
import { runsToTry } from '../../src/postgres/tables/job-attempts.ts';
import { noteStored } from '../../src/postgres/tables/stored-watermarks.ts';
import { watermarkChanges } from '../../src/postgres/tables/watermark-changes.ts';
import { labels, type LabelRow } from '../../src/questdb/tables/labels.ts';
import { modelOutcomes } from '../../src/questdb/tables/model-outcomes.ts';
import { LabelBacklog } from '../../src/questdb/tables/pending-labels.ts';
import { predictions, type PredictionRow } from '../../src/questdb/tables/predictions.ts';
import { ticks } from '../../src/questdb/tables/ticks.ts';
import type { Bed } from '../faults/bed.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { runLabelSet } from '../../pipelines/labels/label-sets.ts';
import { runLabels } from '../../pipelines/labels/job.ts';
import { cpuSeconds } from './process-cpu.ts';
import { onServers, startOurs } from './server-bench.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10,1000,50000' },
    'idle-s': { type: 'string', default: '60' },
  },
});
const SIZES = values.sizes.split(',').map(Number);
const IDLE_S = Number(values['idle-s']);
const FROM = parseUs('2026-03-02T00:00:00Z');
const MINUTE_US = 60_000_000;
const HORIZON_US = 3_600_000_000;
/** Decisions of each instrument, all but the last one labelled. */
const DECISIONS = 5;
const VENUE = 'bench';

const symbolName = (i: number): string => `B${i}/USD`;

async function write(bed: Bed, from: number, to: number): Promise<void> {
  const writer = bed.context.questdbWriter();
  for (let n = 0; n < DECISIONS; n++) {
    const ts = FROM + n * MINUTE_US;
    const predicted: PredictionRow[] = [];
    const known: LabelRow[] = [];
    for (let i = from; i < to; i++) {
      const of = { ts, decided_ts: ts, venue: VENUE, symbol: symbolName(i), label_spec: LABEL };
      predicted.push({ ...PREDICTED, ...of, known_at: ts, prediction_id: `${i}:${n}` });
      known.push({ ...VOID, ...of, label_known_at: ts });
    }
    await writer.write(predictions, predicted);
    if (n < DECISIONS - 1) await writer.write(labels, known);
  }
  // A tick a minute, around where the last decision enters and exits.
  for (const minute of [...between(0, DECISIONS + 5), ...between(60, DECISIONS + 65)]) {
    const ts = FROM + minute * MINUTE_US + 1;
    const sold = Array.from({ length: to - from }, (_, i) => ({
      ...{ ts, known_at: ts, venue: VENUE, symbol: symbolName(from + i), id: '1' },
      ...{ price: 100 + minute / 8, size: 1, side: null },
    }));
    await writer.write(ticks, sold);
  }
  await bed.context.questdbReader().waitApplied(['predictions', 'labels', 'ticks']);
}

const between = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

/** All instruments have come so many minutes behind the beginning. */
const reach = (bed: Bed, count: number, minutes: number): Promise<void> =>
  noteStored(
    bed.context.postgres,
    Array.from({ length: count }, (_, i) => ({
      instrument: `${VENUE}:${symbolName(i)}`,
      reachedTs: FROM + HORIZON_US + minutes * MINUTE_US,
    })),
  );

async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const startMs = monotonicMs();
  const result = await work();
  return [result, Math.round(monotonicMs() - startMs)];
}

async function measure(bed: Bed, count: number): Promise<void> {
  const { postgres, config } = bed.context;
  const reader = bed.context.questdbReader();
  const settings = { horizonUs: HORIZON_US, latenessUs: 0, labelSpec: LABEL, moreLabelSpecs: [] };
  const backlog = new LabelBacklog(reader, watermarkChanges(postgres), settings);
  await reach(bed, count, DECISIONS - 2);
  const asJobs = { mayRest: true };
  const [none, firstMs] = await timed(() => backlog.pending(undefined, asJobs));
  await reach(bed, count, DECISIONS + 1);
  const [all, movedMs] = await timed(() => backlog.pending(undefined, asJobs));
  console.log(
    `${count} instruments: first sweep ${firstMs} ms (${none.length} pending), ` +
      `a later one, all moved on, ${movedMs} ms (${all.length} pending)`,
  );
  const some = all.slice(0, 200).map(instrumentKey);
  const job = { labelSpec: LABEL, dueTs: FROM, fromTs: FROM };
  const [, oneMs] = await timed(async () => {
    for (const subject of some) await runLabels(bed.context, { ...job, subject });
  });
  const cpuS = process.cpuUsage();
  const [, setMs] = await timed(() => runLabelSet(bed.context, LABEL, FROM));
  const { user, system } = process.cpuUsage(cpuS);
  const left = (await backlog.pending(undefined, asJobs)).length;
  console.log(
    `  labels one instrument at a time: ${Math.round(some.length / (oneMs / 1_000))} a second; the ` +
      `rest, ${all.length - some.length}, as a set: ${setMs} ms, of them ` +
      `${Math.round((user + system) / 1_000)} ms of CPU here; ${left} left`,
  );
  const subjects = Array.from({ length: count }, (_, i) => `${VENUE}:${symbolName(i)}`);
  await addDueRuns(postgres, 'reports', subjects, FROM);
  const [, runsMs] = await timed(() => runsToTry(postgres, ['reports', 'review'], 20));
  console.log(`  ${count} open runs: the next ones in ${runsMs} ms`);
  await postgres.query(`DELETE FROM job_runs WHERE starts_with(subject, '${VENUE}:')`);
  // Nothing is left to be done: what it costs to find that out.
  const jobs = await startOurs(bed, 'jobs');
  const questdb = must(readRecord(recordFile(config.dataDir, 'questdb'))).pid;
  // Its first sweeps, and a minute until it takes nothing for new any more.
  await sleep(120_000);
  const before = [cpuSeconds(jobs.pid), cpuSeconds(questdb)] as const;
  await sleep(IDLE_S * 1_000);
  const cores = [cpuSeconds(jobs.pid) - before[0], cpuSeconds(questdb) - before[1]].map(
    (seconds) => `${((100 * seconds) / IDLE_S).toFixed(1)} %`,
  );
  console.log(`  idle, of one core: jobs ${cores[0]}, QuestDB ${cores[1]}`);
  console.log(`  an alert is there ${await alertMs(bed)} ms after its cause`);
  const [outcomes, outcomesMs] = await timed(() => modelOutcomes(reader, { by: 'model' }));
  console.log(`  outcomes of ${outcomes.metrics.length} models: ${outcomesMs} ms`);
  console.log(`  a data set of one market: ${await datasetMs(bed)} ms`);
  await jobs.stop();
}

/** From a cause to its alert, as the running jobs process finds it. */
async function alertMs({ context: { postgres } }: Bed): Promise<number> {
  const reason = `bench ${monotonicMs()}`;
  await postgres.query(
    `INSERT INTO dead_letter_counts (topic, partition, reason, records, last_offset, last_detail)
     VALUES ('ticks', 0, $1, 1, 0, 'bench')`,
    [reason],
  );
  const startMs = monotonicMs();
  for (;;) {
    const { rowCount } = await postgres.query('SELECT 1 FROM alerts WHERE alert_key = $1', [
      `dead-letters:ticks:${reason}`,
    ]);
    if (rowCount !== 0) return Math.round(monotonicMs() - startMs);
    await sleep(50);
  }
}

/** Asked for as by a command, on a flow that is at rest. */
async function datasetMs(bed: Bed): Promise<number> {
  const { context } = bed;
  const stages = await Promise.all(STAGES.map((name) => startOurs(bed, name)));
  const out = mkdtempSync(join(tmpdir(), 'tickloom-bench-'));
  try {
    await context.flowProbe().drain(60_000);
    const symbols = [`${VENUE}:${symbolName(0)}`];
    const ask = { symbols, from: formatUs(FROM), to: formatUs(FROM + 600 * MINUTE_US) };
    const [, ms] = await timed(() =>
      makeDataset(context, ask, { out: join(out, 'set'), entities: null, dueTs: FROM }),
    );
    return ms;
  } finally {
    for (const stage of stages) await stage.stop();
    rmSync(out, { recursive: true, force: true });
  }
}

const STAGES = ['stream', 'sink', 'money'] as const;

const LABEL = 'direction_1h@1';
const PREDICTED = {
  ...{ slot: 'champion', feature_id: 'f', model_id: 'm', horizon_s: 3600, probability_up: 0.5 },
  ...{ expected_return: 0, verdict: 'ok' as const, close: 1 },
};
const VOID: Omit<
  LabelRow,
  'ts' | 'decided_ts' | 'label_known_at' | 'venue' | 'symbol' | 'label_spec'
> = {
  ...{ revision: 0, entry_ts: null, entry_price: null, exit_ts: null, exit_price: null },
  ...{ forward_return: null, up: null, state: 'void', void_reason: 'no_entry', flags: '' },
};

await onServers(async (bed) => {
  let written = 0;
  for (const size of SIZES) {
    await write(bed, written, size);
    written = size;
    await measure(bed, size);
  }
});
