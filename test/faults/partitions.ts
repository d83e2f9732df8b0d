/**
 * The same market fed to installations with 1, 3 and 8 partitions, the larger ones shared by
 * several processes of which one is killed and one is exchanged meanwhile: the same tables.
 *
 *   npm run test:deep partitions
 *
 * Fed with sync points, and without the limit on a day's loss: a halt holds from wherever it lands.
 */
import { parseArgs } from 'node:util';
import type { FeedTick } from '../../pipelines/feed/feed.ts';
import { must } from '../../src/assert.ts';
import { sleep } from '../../src/clock.ts';
import type { Tick } from '../../src/domain/wire.ts';
import { runFeed } from '../../pipelines/feed/feeding.ts';
import { decodeTicks } from '../../src/stream/decode.ts';
import { Bed, STAGES, type StageName } from './bed.ts';
import { report, type ProofResult } from '../support/report.ts';
import { differences, takeDump, formatSizes, type Dump } from './dump.ts';
import { recordedInput, type InputRecord } from './input.ts';
import { arbitraryModel, promote } from './model.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    hours: { type: 'string', default: '6' },
    report: { type: 'string' },
  },
});

const SETTINGS = {
  TICKLOOM_SESSION_TIMEOUT_MS: '6000',
  TICKLOOM_RETRAIN_EVERY: '2h',
  TICKLOOM_CONTROL_KEY: 'c0ffee'.repeat(10),
};
/** Of the three instruments of the recorded input, so that 8 partitions have something to do. */
const COPIES = 3;
const AHEAD_US = 60_000_000;

/** Fewer than in the fault proofs: nothing in this input is dead, and the market is shorter. */
const AT_LEAST = {
  'dead-letters': 0,
  'postgres.signals': 3,
  'postgres.signal_outcomes': 3,
  'postgres.orders': 3,
  'postgres.fills': 3,
  'postgres.trades': 3,
  'postgres.ledger_entries': 20,
  'topic.fills': 3,
  'topic.signals': 3,
};

type Change = (bed: Bed) => Promise<string>;

interface Layout {
  readonly partitions: number;
  /** Processes beside one of each stage, `stage-n`. */
  readonly more: readonly string[];
  /** While the second half is being fed. */
  readonly changes: readonly Change[];
}

const stageName = (as: string): StageName => as.replace(/-\d+$/, '') as StageName;

const kill =
  (as: string): Change =>
  (bed) => {
    bed.child(as).kill('SIGKILL');
    return Promise.resolve(`${as} killed, to be started again`);
  };
const exchange =
  (old: string, fresh: string): Change =>
  async (bed) => {
    await bed.drop(old);
    await bed.keep(stageName(fresh), {}, fresh);
    return `${old} gone, ${fresh} joined`;
  };

const LAYOUTS: readonly Layout[] = [
  { partitions: 1, more: [], changes: [] },
  {
    partitions: 3,
    more: ['stream-2', 'stream-3'],
    changes: [kill('stream-2'), exchange('stream-3', 'stream-4')],
  },
  {
    partitions: 8,
    more: ['stream-2', 'stream-3', 'sink-2', 'money-2'],
    changes: [
      kill('stream-3'),
      exchange('sink-2', 'sink-3'),
      kill('money-2'),
      exchange('stream-2', 'stream-4'),
    ],
  },
];

const model = arbitraryModel();

async function run({ partitions, more, changes }: Layout, ticks: FeedTick[]): Promise<Dump> {
  const bed = await Bed.open({ ...SETTINGS, TICKLOOM_PARTITIONS: String(partitions) });
  const feed = async (source: FeedTick[], open: boolean): Promise<void> => {
    await runFeed(bed.context, { source, syncPoints: true, open, notify: () => undefined });
    await bed.drain();
  };
  try {
    await bed.context.postgres.query('UPDATE accounts SET daily_loss_limit = NULL');
    for (const as of [...STAGES, ...more]) await bed.keep(stageName(as), {}, as);
    await bed.drain();
    const half = Math.floor(ticks.length / 2);
    await feed(ticks.slice(0, half), true);
    await promote(bed.context, model);
    await bed.drain();
    let over = false;
    const feeding = feed(ticks.slice(half), false).finally(() => (over = true));
    feeding.catch(() => undefined);
    for (const change of changes) {
      await sleep(1_000);
      if (over) throw new Error('the feed was over before every process was exchanged');
      console.log(`  ${await change(bed)}`);
    }
    await feeding;
    return await takeDump(bed.context);
  } catch (error) {
    const outputs = [...STAGES, ...more].map((as) => `${as}: ${bed.output(as).slice(-1_500)}`);
    throw new Error(`${(error as Error).message}\n${outputs.join('\n')}`, { cause: error });
  } finally {
    await bed.close();
  }
}

/** The ticks of the recorded input, of so many times its instruments, as a feed receives them. */
function feedTicks(seed: number, hours: number): FeedTick[] {
  const all: FeedTick[] = [];
  for (let copy = 0; copy < COPIES; copy++) {
    for (const record of recordedInput({ seed: seed + copy, hours })) {
      for (const tick of ticksIn(record)) {
        // What is dated ahead is set apart by each stage; here it would only fetch jobs.
        if (tick.ts > record.timestampMs * 1_000 + AHEAD_US) continue;
        const symbol = copy === 0 ? tick.symbol : `${copy}${tick.symbol}`;
        all.push({ tick: { ...tick, symbol }, receivedUs: record.timestampMs * 1_000 });
      }
    }
  }
  return all.sort((a, b) => a.receivedUs - b.receivedUs);
}

function ticksIn({ key, value }: InputRecord): Tick[] {
  const bytes = value === null ? null : Buffer.from(value);
  if (bytes === null || decodeTicks(key, bytes, () => 'bad_hmac').type !== 'ticks') return [];
  const json = JSON.parse(bytes.toString()) as Tick | Tick[];
  return [json].flat().filter(({ kind }) => kind === 'trade' || kind === 'quote');
}

async function main(): Promise<number> {
  const ticks = feedTicks(Number(values.seed), Number(values.hours));
  const results: ProofResult[] = [];
  const dumps: Dump[] = [];
  for (const layout of LAYOUTS) {
    const name = `${layout.partitions} partitions, ${layout.more.length + STAGES.length} processes`;
    console.log(`${name}: ${ticks.length} ticks, seed ${values.seed}`);
    const startMs = performance.now();
    dumps.push(await run(layout, ticks));
    console.log(`  ${formatSizes(must(dumps.at(-1)))}`);
    console.log(`  took ${((performance.now() - startMs) / 1_000).toFixed(0)} s`);
    if (dumps.length === 1) continue;
    const found = differences(must(dumps[0]), must(dumps.at(-1)), AT_LEAST);
    for (const line of found) console.log(`  ${line}`);
    results.push({ status: found.length === 0 ? 'passed' : 'failed', fullName: name });
  }
  return report(results, values.report);
}

process.exitCode = await main();
setTimeout(() => process.exit(), 5_000).unref();
