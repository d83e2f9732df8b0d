/**
 * `npm run test:faults`: schedules of faults drawn from a seed, each held against one golden run.
 *
 *   npm run test:faults                               the two fixed schedules
 *   npm run test:faults -- --schedules 8 --seed 42    eight drawn ones
 *   npm run test:faults -- --faults kill-sink,kafka-away
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '../../src/random.ts';
import { FAULTS } from './faults.ts';
import { report, type ProofResult } from '../support/report.ts';
import { faultRun, goldenRun } from './proof.ts';
import { drawnSchedule, FIXED_SCHEDULES } from './schedule.ts';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string' },
    seed: { type: 'string' },
    faults: { type: 'string' },
    hours: { type: 'string', default: '8' },
    report: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log('test:faults [--schedules N] [--seed S] [--faults A,B,…] [--hours H]');
    console.log(`faults: ${Object.keys(FAULTS).join(', ')}`);
    return 0;
  }
  const seed = Number(values.seed ?? 1);
  const random = seededRandom(seed);
  const drawn = Array.from({ length: Number(values.schedules ?? 0) }, () => drawnSchedule(random));
  const asked = values.faults === undefined ? drawn : [values.faults.split(',')];
  const schedules = asked.length > 0 ? asked : FIXED_SCHEDULES;
  const golden = await goldenRun({ seed, hours: Number(values.hours) }, console.log);
  const results: ProofResult[] = [];
  for (const [i, schedule] of schedules.entries()) {
    console.log(`\nschedule ${i + 1} of ${schedules.length}, seed ${seed}: ${schedule.join(', ')}`);
    const startMs = performance.now();
    try {
      const { differences } = await faultRun(golden, schedule, console.log);
      for (const line of differences) console.log(`  ${line}`);
      const status = differences.length === 0 ? 'passed' : 'failed';
      results.push({ status, fullName: schedule.join(', ') });
    } catch (error) {
      console.log(`  ${(error as Error).message}`);
      results.push({ status: 'failed', fullName: schedule.join(', ') });
    }
    console.log(`  took ${((performance.now() - startMs) / 1_000).toFixed(0)} s`);
  }
  return report(results, values.report);
}

process.exitCode = await main();
setTimeout(() => process.exit(), 5_000).unref();
