/**
 * More seeds than the test runs: `npx tsx test/simulation/run.ts --seeds 5000 --seed 1`. Prints
 * every violation with the seed that repeats it, and exits 1 when there was one.
 */
import { parseArgs } from 'node:util';
import { monotonicMs } from '../../src/clock.ts';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const first = Number(values.seed);
const count = Number(values.seeds);
const startMs = monotonicMs();
const hits = new Map<string, number>();
let failed = 0;
let rows = 0;
let zombies = 0;
for (let seed = first; seed < first + count; seed++) {
  const simulated = await simulate(seed);
  for (const [hit, times] of simulated.hits) hits.set(hit, (hits.get(hit) ?? 0) + times);
  rows += simulated.rows;
  zombies += simulated.outcome.zombies;
  if (simulated.violations.length === 0) continue;
  failed += 1;
  console.error(`seed ${seed}:\n  ${simulated.violations.join('\n  ')}`);
}
const seconds = (monotonicMs() - startMs) / 1000;
const crashes = [...hits.values()].reduce((sum, times) => sum + times, 0);
for (const hit of [...hits.keys()].toSorted()) console.log(`${hits.get(hit)} crashes at ${hit}`);
console.log(
  `${count} seeds from ${first}: ${failed} failed, ${crashes} crashes, ${zombies} zombies, ` +
    `${rows} rows compared; ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(1)} seeds/s`,
);
process.exitCode = failed > 0 ? 1 : 0;
