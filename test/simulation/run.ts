/**
 * More seeds than the test runs, on all cores.
 *
 *   npx tsx test/simulation/run.ts                          a thousand seeds
 *   npx tsx test/simulation/run.ts --seeds 5000 --seed 77   five thousand from 77 on
 *
 * Prints every violation with the command that repeats it, what was hit and seen, and exits 1 when
 * there was a violation, or a kind of fault that never came.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { monotonicMs } from '../../src/clock.ts';
import { report, type ProofResult } from '../support/report.ts';
import { addSeen, nothingSeen, unmet, type Seen } from './seen.ts';
import { SEEDS_A_MARKET } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    report: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Fewer may well miss a kind of fault that comes seldom. */
const SEEDS_FOR_ALL = 500;
const FAILED_SHOWN = 10;

interface Block {
  readonly first: number;
  readonly count: number;
}

/** Whole markets, so that none is drawn twice. */
function splitSeeds(first: number, count: number): Block[] {
  const blocks: Block[] = [];
  for (let at = first; at < first + count;) {
    const next = Math.min(first + count, at - (at % SEEDS_A_MARKET) + SEEDS_A_MARKET);
    blocks.push({ first: at, count: next - at });
    at = next;
  }
  return blocks;
}

/** A child takes one block after the other; resolves when there are no more. */
function work(blocks: Block[], onSeen: (seen: Seen) => void): Promise<void> {
  const child = fork(new URL('./child.ts', import.meta.url));
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const block = blocks.shift();
      if (block !== undefined) return void child.send(block);
      child.off('exit', ended);
      child.disconnect();
      resolve();
    };
    const ended = (code: number | null): void =>
      reject(new Error(`a process of the simulation ended with ${code}: see its words above`));
    child.on('exit', ended);
    child.on('error', reject);
    child.on('message', (seen: Seen) => {
      onSeen(seen);
      next();
    });
    next();
  });
}

function tell(seen: Seen): void {
  const lines = (what: string, counts: Seen['hits']): void => {
    for (const key of Object.keys(counts).toSorted()) console.log(`${counts[key]} ${what}${key}`);
  };
  lines('times at ', seen.hits);
  lines('of ', seen.kinds);
  const { opened, zombies, fenced, repeats, compared } = seen;
  console.log(`${opened} starts, ${zombies} zombies of which ${fenced} were told that they are`);
  console.log(`${compared} rows and records compared, ${repeats} records came more than once`);
}

async function simulateAll(first: number, count: number): Promise<Seen> {
  const seen = nothingSeen();
  const blocks = splitSeeds(first, count);
  const startMs = monotonicMs();
  let reportedMs = startMs;
  const onSeen = (own: Seen): void => {
    addSeen(seen, own);
    for (const { seed, violations } of own.failed) {
      if (seen.failed.length > FAILED_SHOWN) break;
      console.error(`seed ${seed}:\n  ${violations.join('\n  ')}`);
      console.error(`  again: npx tsx test/simulation/run.ts --seeds 1 --seed ${seed}`);
    }
    if (monotonicMs() - reportedMs < 5_000) return;
    reportedMs = monotonicMs();
    const seconds = (reportedMs - startMs) / 1000;
    console.log(`${seen.seeds} of ${count} seeds in ${seconds.toFixed(0)} s`);
  };
  const children = Math.min(availableParallelism(), blocks.length);
  await Promise.all(Array.from({ length: children }, () => work(blocks, onSeen)));
  const seconds = (monotonicMs() - startMs) / 1000;
  tell(seen);
  console.log(`${count} seeds in ${seconds.toFixed(1)} s on ${children} cores`);
  return seen;
}

async function main(): Promise<number> {
  if (values.help) {
    console.log('run.ts [--seeds N] [--seed FIRST] [--report FILE]');
    return 0;
  }
  const [first, count] = [Number(values.seed), Number(values.seeds)];
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || first < 0 || count < 1) {
    console.error(`--seed and --seeds are whole numbers, not "${values.seed}", "${values.seeds}"`);
    return 2;
  }
  const seen = await simulateAll(first, count);
  const missing = count < SEEDS_FOR_ALL ? [] : unmet(seen);
  for (const line of missing) console.error(line);
  const failed = new Set(seen.failed.map(({ seed }) => seed));
  const results = Array.from({ length: count }, (_, i): ProofResult => ({
    status: failed.has(first + i) ? 'failed' : 'passed',
    fullName: `seed ${first + i}`,
  }));
  if (count >= SEEDS_FOR_ALL) {
    const status = missing.length > 0 ? 'failed' : 'passed';
    results.push({ status, fullName: 'every fault was met' });
  }
  return report(results, values.report);
}

process.exitCode = await main();
