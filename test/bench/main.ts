/**
 * `npm run bench`: what the hot parts cost beside their peers, as ratios of CPU time in one run.
 *
 *   npm run bench                       in this process: decoding, encoding, features, models
 *   npm run bench -- --servers          and what runs on real servers (some 25 minutes)
 *   npm run bench -- --only latency     one of them, by name
 *   npm run bench -- --connector DIR    where Kafka Connect's QuestDB sink is, for `connect`
 *
 * A missed goal is printed as missed. Whatever else runs on the machine makes the numbers worse,
 * the ratios less so.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
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

type Bench = readonly [
  bench: () => Promise<readonly NotedResult[]>,
  goals: readonly (number | null)[],
];

const IN_PROCESS: Readonly<Record<string, Bench>> = {
  fetch: [benchKafkaFetch, [null]],
  decode: [benchDecode, [null, null]],
  ilp: [benchIlpEncoder, [8, 50]],
  features: [benchFeatures, [10, 50]],
  model: [benchModel, [5, 5, null]],
};

/** Each a program of its own, `<name>.ts`, on servers of its own. */
const ON_SERVERS: Readonly<Record<string, string>> = {
  sink: 'ticks of a topic -> QuestDB, every row visible; CPU of the process and of QuestDB',
  connect: 'the same beside Kafka Connect with the sink of QuestDB',
  'stream-process': 'ticks -> features -> predictions -> signals, the stream process',
  latency: 'tick that completes a candle -> prediction readable, open loop',
  growth: '10 to 10 000 instruments at the same total rate',
  jobs: 'sweeps and idle cost at 10, 1 000 and 50 000 instruments',
  restart: 'kill -9 under flow -> caught up',
  'replay-day': 'a stored day -> features',
  datasets: 'point-in-time join of a training set beside pandas (no servers)',
  training: "a training beside Python's LightGBM, predictions equal (no servers)",
};

const NAMES = [...Object.keys(IN_PROCESS), ...Object.keys(ON_SERVERS)];

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

async function runInProcess([bench, goals]: Bench): Promise<void> {
  const results = await bench();
  for (const [i, result] of results.entries())
    console.log(line({ result, goal: goals[i] ?? null }));
}

/** False when it has failed. */
function runOnServers(name: string, connector: string | undefined): boolean {
  console.log(`\n${name}: ${ON_SERVERS[name]}`);
  const given = name === 'connect' && connector !== undefined ? ['--connector', connector] : [];
  const args = ['--import', 'tsx', join(import.meta.dirname, `${name}.ts`), ...given];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) console.log(`${name} has FAILED (${status})`);
  return status === 0;
}

const { values } = parseArgs({
  options: {
    servers: { type: 'boolean', default: false },
    only: { type: 'string' },
    connector: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log('bench [--servers] [--only NAME] [--connector DIR]: CPU of the hot parts and goals');
  console.log(`names: ${NAMES.join(', ')}`);
  process.exit();
}
const { only } = values;
if (only !== undefined && !NAMES.includes(only)) {
  console.error(`there is no bench "${only}"; there are ${NAMES.join(', ')}`);
  process.exit(2);
}
console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}\n`);
for (const [name, bench] of Object.entries(IN_PROCESS)) {
  if (only === undefined || only === name) await runInProcess(bench);
}
for (const name of Object.keys(ON_SERVERS)) {
  const isRequested = only === undefined ? values.servers : only === name;
  if (isRequested && !runOnServers(name, values.connector)) process.exitCode = 1;
}
