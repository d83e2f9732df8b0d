/**
 * `npm run test:faults`: schedules of faults drawn from a seed, each held against a golden run.
 *
 *   npm run test:faults                               the two fixed schedules
 *   npm run test:faults -- --schedules 8 --seed 42    eight drawn ones
 *   npm run test:faults -- --kept                     those that failed once
 *   npm run test:faults -- --faults kill-sink,kafka-away
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '../../src/random.ts';
import { FAULTS } from './faults.ts';
import { report, type ProofResult } from '../support/report.ts';
import { faultRun, goldenRun, type Golden } from './proof.ts';
import { drawnSchedule, FIXED_SCHEDULES, KEPT_SCHEDULES, type KeptSchedule } from './schedule.ts';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string' },
    seed: { type: 'string' },
    faults: { type: 'string' },
    kept: { type: 'boolean', default: false },
    hours: { type: 'string', default: '8' },
    report: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log('test:faults [--schedules N] [--seed S] [--kept] [--faults A,B,…] [--hours H]');
    console.log(`faults: ${Object.keys(FAULTS).join(', ')}`);
    return 0;
  }
  const requested = schedules();
  const results: ProofResult[] = [];
  let golden: { readonly seed: number; readonly run: Golden } | undefined;
  for (const [i, { seed, faults }] of requested.entries()) {
    if (golden?.seed !== seed) {
      golden = { seed, run: await goldenRun({ seed, hours: Number(values.hours) }, console.log) };
    }
    console.log(`\nschedule ${i + 1} of ${requested.length}, seed ${seed}: ${faults.join(', ')}`);
    results.push(await proven(golden.run, faults));
  }
  return report(results, values.report);
}

function schedules(): readonly KeptSchedule[] {
  if (values.kept) return KEPT_SCHEDULES;
  const seed = Number(values.seed ?? 1);
  const random = seededRandom(seed);
  const drawn = Array.from({ length: Number(values.schedules ?? 0) }, () => drawnSchedule(random));
  const requested = values.faults === undefined ? drawn : [values.faults.split(',')];
  return (requested.length > 0 ? requested : FIXED_SCHEDULES).map((faults) => ({ seed, faults }));
}

async function proven(golden: Golden, schedule: readonly string[]): Promise<ProofResult> {
  const fullName = schedule.join(', ');
  const startMs = performance.now();
  try {
    const { differences } = await faultRun(golden, schedule, console.log);
    for (const line of differences) console.log(`  ${line}`);
    return { status: differences.length === 0 ? 'passed' : 'failed', fullName };
  } catch (error) {
    console.log(`  ${(error as Error).message}`);
    return { status: 'failed', fullName };
  } finally {
    console.log(`  took ${((performance.now() - startMs) / 1_000).toFixed(0)} s`);
  }
}

process.exitCode = await main();
setTimeout(() => process.exit(), 5_000).unref();
