/**
 * `npm run bench`: what the hot parts cost beside their peers, as ratios of CPU time in one run.
 *
 *   npm run bench                 in this process: decoding, encoding, features, models
 *   npm run bench -- --servers    and ticks of a topic into QuestDB, on real servers (minutes)
 *
 * A missed goal is printed as missed. Whatever else runs on the machine makes the numbers worse,
 * the ratios less so.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchDecode } from './decode.ts';
import { benchFeatures } from './features.ts';
import { benchIlpEncoder } from './ilp-encoder.ts';
import { benchKafkaFetch } from './kafka-fetch.ts';
import type { NotedResult } from './measure.ts';
import { benchModel } from './model.ts';

interface Row {
  readonly result: NotedResult;
  /** How many times cheaper it is to be than the peer; null: no promise was made. */
  readonly goal: number | null;
}

const BENCHES: readonly (readonly [
  bench: () => Promise<readonly NotedResult[]>,
  goals: readonly (number | null)[],
])[] = [
  [benchKafkaFetch, [null]],
  [benchDecode, [null, null]],
  [benchIlpEncoder, [8, 50]],
  [benchFeatures, [10, 50]],
  [benchModel, [5, 5]],
];

function line({ result, goal }: Row): string {
  const { name, ours, theirs, unit, note } = result;
  if (Number.isNaN(theirs)) return `${name.padEnd(36)} not measured (${note})`;
  const ratio = theirs / ours;
  const verdict =
    goal === null ? '' : ratio >= goal ? `goal ${goal} x met` : `goal ${goal} x MISSED`;
  const numbers = [ours, theirs].map((ns) => ns.toFixed(0).padStart(7)).join(' / ');
  return (
    `${name.padEnd(36)} ${numbers} ${unit.padEnd(15)} ${ratio.toFixed(1).padStart(6)} x  ` +
    `${verdict.padEnd(16)} ${note}`
  );
}

const { values } = parseArgs({
  options: { servers: { type: 'boolean', default: false }, help: { type: 'boolean' } },
});
if (values.help) {
  console.log('bench [--servers]: CPU time of the hot parts, ours / the peer');
  process.exit();
}
console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}\n`);
for (const [bench, goals] of BENCHES) {
  const results = await bench();
  for (const [i, result] of results.entries())
    console.log(line({ result, goal: goals[i] ?? null }));
}
if (values.servers) {
  console.log(
    '\nticks of a topic -> QuestDB, every row visible; CPU of the process and of QuestDB',
  );
  const sink = new URL('./sink.ts', import.meta.url).pathname;
  const args = ['--import', 'tsx', sink];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
