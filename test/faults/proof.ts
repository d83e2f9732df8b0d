/**
 * The proof: a golden run of the recorded input, then a run that is fed the golden run's log under
 * a schedule of faults, and row for row the same tables and topics.
 *
 * The second run's outbox is silent: control records come from the log, at their places.
 */
import { KafkaOutLog } from '../../src/kafka/kafka.ts';
import { nowUs, sleep } from '../../src/clock.ts';
import { clockRecords } from '../../pipelines/control/clock-sender.ts';
import { heartbeatRecords } from '../../pipelines/feed/feed.ts';
import { finalHeartbeatTs } from '../../pipelines/feed/feeding.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import { Bed, STAGES } from './bed.ts';
import { readTopic, type LoggedRecord } from '../support/topics.ts';
import { differences, takeDump, formatSizes, type Dump } from './dump.ts';
import { FAULTS } from './faults.ts';
import { recordedInput, type InputSettings } from './input.ts';
import { arbitraryModel, promote } from './model.ts';

export interface Golden {
  readonly log: readonly LoggedRecord[];
  readonly dump: Dump;
}

export interface Outcome {
  readonly hits: readonly string[];
  readonly differences: readonly string[];
}

type Say = (line: string) => void;

const SETTINGS = {
  TICKLOOM_SESSION_TIMEOUT_MS: '6000',
  TICKLOOM_RETRAIN_EVERY: '366d',
  TICKLOOM_CONTROL_KEY: 'c0ffee'.repeat(10),
};
const SLICE = 250;
/** What is fed while a fault strikes would last for so long; once it is over, the rest at once. */
const STRIKE_MS = 45_000;
const SLICES_PER_STRIKE = 150;

const model = (() => {
  let made: ReturnType<typeof arbitraryModel> | null = null;
  return () => (made ??= arbitraryModel());
})();

/** The undisturbed run: what lies in its log, and what became of it. */
export async function goldenRun(input: InputSettings, notify: Say): Promise<Golden> {
  const bed = await Bed.open(SETTINGS);
  try {
    for (const stage of STAGES) await bed.keep(stage);
    await bed.drain();
    const { context } = bed;
    const topic = context.topicName('ticks');
    const records: OutRecord[] = recordedInput(input).map((record) => ({ topic, ...record }));
    const half = Math.floor(records.length / 2);
    const log = context.outLog();
    await appendAll(log, records.slice(0, half));
    await bed.drain();
    await promote(context, model());
    await bed.drain();
    await appendAll(log, records.slice(half));
    await log.append(lastHeartbeats(topic, records));
    // Whatever a fault brings that waits for a clock: at the end there is one.
    await log.append(await clockRecords(context, { ts: nowUs() }));
    await bed.drain();
    const golden = { log: await readTopic(context, 'ticks'), dump: await takeDump(context) };
    notify(`golden run: ${golden.log.length} records, ${formatSizes(golden.dump)}`);
    return golden;
  } finally {
    await bed.close();
  }
}

/** The same log under a schedule: one word of `FAULTS` after the other, records flowing. */
export async function faultRun(
  golden: Golden,
  schedule: readonly string[],
  notify: Say,
): Promise<Outcome> {
  const bed = await Bed.open({ ...SETTINGS, TICKLOOM_OUTBOX: 'observe' });
  const hits: string[] = [];
  try {
    for (const stage of STAGES) await bed.keep(stage);
    await promote(bed.context, model());
    const topic = bed.context.topicName('ticks');
    const records = golden.log.map((record): OutRecord => ({ topic, ...record }));
    const log = new KafkaOutLog(bed.context.kafka);
    let rest: readonly OutRecord[] = records;
    for (const [i, word] of schedule.entries()) {
      const portion = Math.ceil(rest.length / (schedule.length + 1 - i));
      const { name, strike, burst = false } = findFault(word);
      const over = new AbortController();
      const feeding = burst
        ? appendAll(log, rest.slice(0, portion)).then(() => portion)
        : appendSlowly(log, rest, portion, over.signal);
      // A feed that fails must not end the process before the fault is over.
      feeding.catch(() => undefined);
      const hit = `${name}: ${await strike(bed).finally(() => over.abort())}`;
      notify(`  ${hit}`);
      hits.push(hit);
      rest = rest.slice(await feeding);
    }
    await appendAll(log, rest);
    await log.close();
    await bed.drain();
    const dump = await takeDump(bed.context);
    const repeats = await countRepeats(bed, dump);
    notify(`  repeats in topics: ${repeats}`);
    return { hits, differences: differences(golden.dump, dump) };
  } catch (error) {
    const tail = STAGES.map((stage) => `${stage}: ${bed.output(stage).slice(-1_500)}`);
    throw new Error(`${(error as Error).message}\n${tail.join('\n')}`, { cause: error });
  } finally {
    await bed.close();
  }
}

export function findFault(word: string): (typeof FAULTS)[string] {
  const fault = FAULTS[word];
  if (fault !== undefined) return fault;
  throw new Error(`there is no fault "${word}"; there are ${Object.keys(FAULTS).join(', ')}`);
}

async function appendAll(log: KafkaOutLog, records: readonly OutRecord[]): Promise<void> {
  for (let at = 0; at < records.length; at += SLICE) {
    await log.append(records.slice(at, at + SLICE));
  }
}

/**
 * So that records flow as long as the fault strikes: a portion of them, and more at the same pace
 * where it still waits for something to hit (of signals there are few). Resolves with how many.
 */
async function appendSlowly(
  log: KafkaOutLog,
  records: readonly OutRecord[],
  portion: number,
  over: AbortSignal,
): Promise<number> {
  const size = Math.ceil(portion / SLICES_PER_STRIKE);
  let at = 0;
  while (at < (over.aborted ? portion : records.length)) {
    const end = Math.min(at + size, records.length);
    await log.append(records.slice(at, end));
    at = end;
    await sleep(STRIKE_MS / SLICES_PER_STRIKE, over);
  }
  return at;
}

function lastHeartbeats(topic: string, records: readonly OutRecord[]): OutRecord[] {
  const lastMs = records.reduce((last, { timestampMs }) => Math.max(last, timestampMs), 0);
  const instruments = ['alpha:A/USD', 'binance:B/USDT', 'alpha:Q/USD'];
  return heartbeatRecords(topic, instruments, finalHeartbeatTs(lastMs * 1_000, 2_000_000));
}

/** How often each topic holds a record again. */
async function countRepeats(bed: Bed, dump: Dump): Promise<string> {
  const counts: string[] = [];
  for (const name of ['features', 'predictions', 'signals', 'fills']) {
    const all = await readTopic(bed.context, name);
    counts.push(`${name} ${all.length - (dump.get(`topic.${name}`)?.length ?? 0)}`);
  }
  return counts.join(', ');
}
