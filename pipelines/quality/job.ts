/**
 * The data-quality job at event time T: what came behind its time is looked at again.
 *
 * 1. Late ticks, corrections and history since the last check; without any there is nothing to do.
 * 2. An as-of barrier: all that is known by it counts, and what is written is known since it.
 * 3. The touched instruments' stored ticks run through the same operators again, a day at a time,
 *    from the state of the last check where nothing before it has changed.
 * 4. Candles, features and labels that differ, or were touched, get their next revision.
 *
 * What was never served, of history that was imported, is known since its own ticks were
 * (`import-clocks.ts`), not since the as-of barrier. Done twice it writes nothing the second time.
 * Where retention has dropped the ticks that came before, a feature made again would begin cold and
 * be wrong: features then stay as they are.
 */
import type { Pool } from 'pg';
import { replay, replayStart, type ReplayState } from './replay.ts';
import type { FeaturesOut } from '../stream/features.ts';
import type { Touch } from './revisions.ts';
import { must } from '../../src/assert.ts';
import type { JobData } from '../../src/queue/queue.ts';
import { knownClocks, knownMarketTicks } from './stored-market-ticks.ts';
import {
  floorTo,
  formatUs,
  LATEST_US,
  parseUs,
  US_PER_DAY,
  US_PER_HOUR,
} from '../../src/domain/time.ts';
import { venueLateness } from '../../src/domain/venues.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import { FEATURE_SET } from '../../src/features/definition.ts';
import type { Context } from '../../src/runtime/context.ts';
import { installationTime } from '../../src/runtime/installation-time.ts';
import { backfilledSince, type Backfilled } from '../../src/postgres/tables/backfilled.ts';
import { finishRun, lastDetail, type JobRun } from '../../src/postgres/tables/job-runs.ts';
import { storedWatermark } from '../../src/postgres/tables/stored-watermarks.ts';
import { readReplayState, saveReplayState } from '../../src/postgres/tables/replay-state.ts';
import type { Instrument, SqlReader } from '../../src/questdb/table.ts';
import { readTouches } from '../../src/questdb/tables/touches.ts';
import { appendBarrier } from '../control/as-of-barrier.ts';
import { ImportClocks } from './import-clocks.ts';
import { reviseDay, reviseLabels, type Revised } from './revise.ts';

/** The state of a check is kept beside that of the parity check, which leaves late ticks out. */
const STATE_OF = `quality:${FEATURE_SET}`;
/** A tick of this much event time before the last check's T may not have been in it. */
const OVERLAP_US = US_PER_DAY;

interface QualityCheck {
  readonly dueTs: number;
  readonly asOfUs: number;
}

export async function runQuality(context: Context, { subject, dueTs }: JobData): Promise<void> {
  const { postgres } = context;
  const run = { job: 'quality', subject, due_ts: dueTs };
  const last = await lastCheck(postgres, run);
  const ever = { dueTs, asOfUs: Number.MAX_SAFE_INTEGER };
  if ((await touchedSince(context, subject, last, ever)).size === 0) {
    await finishRun(postgres, run, 'done', { reason: 'nothing came behind its time' });
    return;
  }
  const check = { dueTs, asOfUs: await appendBarrier(context, { job: run.job, subject, dueTs }) };
  const revised: Revised = { candles: 0, features: 0, labels: 0 };
  for (const [instrument, touched] of await touchedSince(context, subject, last, check)) {
    await reviseInstrument(context, must(parseInstrumentKey(instrument)), touched, check, revised);
  }
  const counts = Object.entries(revised).map(([table, n]) => `${n} ${table}`);
  const reason = `revised ${counts.join(', ')}`;
  await finishRun(postgres, run, 'done', { reason, as_of: formatUs(check.asOfUs), ...revised });
}

/**
 * The last one before it that had something to look at: one of a market that is years ahead says
 * nothing of how far this one's candles were closed.
 */
async function lastCheck(postgres: Pool, run: Pick<JobRun, 'job' | 'subject' | 'due_ts'>) {
  let check: QualityCheck = { dueTs: 0, asOfUs: 0 };
  // Runs of all markets together are from before each had its own.
  for (const subject of new Set([run.subject, 'all'])) {
    const last = await lastDetail(postgres, { ...run, subject }, 'as_of');
    if (last === null) continue;
    const asOfUs = parseUs(String(last.detail['as_of']));
    if (asOfUs > check.asOfUs) check = { dueTs: last.due_ts, asOfUs };
  }
  return check;
}

interface Touched {
  readonly touches: readonly Touch[];
  readonly history: Backfilled | null;
}

/** By instrument: all of them, or the one that is the subject. */
async function touchedSince(
  context: Context,
  subject: string,
  last: QualityCheck,
  { dueTs, asOfUs }: QualityCheck,
): Promise<ReadonlyMap<string, Touched>> {
  const touches = await readTouches(context.questdbReader(), {
    sinceUs: last.asOfUs,
    fromTs: Math.max(0, last.dueTs - OVERLAP_US),
    asOfUs: Math.min(asOfUs, LATEST_US),
    toTs: dueTs,
    instrument: subject === 'all' ? null : must(parseInstrumentKey(subject)),
  });
  const touched = new Map<string, Touched>();
  for (const [key, some] of touches) touched.set(key, { touches: some, history: null });
  for (const history of await backfilledSince(context.postgres, last.asOfUs)) {
    const { touches: some = [] } = touched.get(history.instrument) ?? {};
    touched.set(history.instrument, { touches: some, history });
  }
  if (subject === 'all') return touched;
  const own = touched.get(subject);
  return new Map(own === undefined ? [] : [[subject, own]]);
}

async function reviseInstrument(
  context: Context,
  instrument: Instrument,
  { touches, history }: Touched,
  { dueTs, asOfUs }: QualityCheck,
  revised: Revised,
): Promise<void> {
  const { postgres, config } = context;
  const reader = context.questdbReader();
  const key = `${instrument.venue}:${instrument.symbol}`;
  const latenessUs = venueLateness(instrument.venue, config.latenessUs);
  const fromTs = Math.min(touches[0]?.ts ?? dueTs, history?.fromTs ?? dueTs);
  // What the stream has not closed yet is still its own to make.
  const reachedTs = (await storedWatermark(postgres, key)) ?? 0;
  const toTs = Math.min(dueTs, reachedTs) - latenessUs;
  if (fromTs >= toTs) return;
  const saved = await readReplayState<ReplayState>(postgres, STATE_OF, key);
  let state = saved !== null && saved.toUs <= fromTs ? saved : replayStart();
  const isCold = state.toUs === 0;
  const firstTs = isCold ? await readFirstTs(reader, instrument, ['ticks', 'quotes']) : state.toUs;
  const knowsAll =
    !isCold ||
    (await readFirstTs(reader, instrument, ['candles'])) >= floorTo(firstTs, US_PER_HOUR);
  const clocks = isCold ? await importClocks(context, instrument, latenessUs, asOfUs) : null;
  for (let at = firstTs; at < toTs;) {
    const endTs = Math.min(toTs, floorTo(at, US_PER_DAY) + US_PER_DAY);
    const range = { fromUs: at, toUs: endTs, asOfUs };
    const outs: FeaturesOut[] = [];
    const ticks = await knownMarketTicks(reader, instrument, range);
    state = replay(instrument, ticks, endTs, state, (out) => outs.push(out));
    const made = clocks?.add(outs, await knownClocks(reader, instrument, range)) ?? outs;
    if (endTs === toTs) made.push(...(clocks?.rest() ?? []));
    const touched = made.filter(({ record }) => record.ts > fromTs);
    await reviseDay(context, instrument, { records: touched, touches, asOfUs, knowsAll }, revised);
    at = endTs;
  }
  if (knowsAll) await saveReplayState(postgres, STATE_OF, key, state);
  const lastTs = Math.max(touches.at(-1)?.ts ?? fromTs, history?.toTs ?? fromTs);
  await reviseLabels(context, instrument, { fromTs, lastTs, touches, asOfUs }, revised);
}

/**
 * Null where no history of the instrument was imported: then an as-of barrier says since when it is
 * known.
 */
async function importClocks(
  context: Context,
  { venue, symbol }: Instrument,
  latenessUs: number,
  asOfUs: number,
): Promise<ImportClocks | null> {
  const found = await Promise.all(
    ['ticks', 'quotes'].map((table) =>
      context.questdbReader().query(
        `SELECT ts FROM ${table}
           WHERE venue = $1 AND symbol = $2 AND came_by = 'backfill' LIMIT 1`,
        [venue, symbol],
      ),
    ),
  );
  if (found.flat().length === 0) return null;
  const clockUs = (await installationTime(context)) ?? 0;
  return new ImportClocks(latenessUs, Math.max(asOfUs, clockUs));
}

/** The first `ts` of an instrument in any of the tables. */
async function readFirstTs(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  tables: readonly string[],
): Promise<number> {
  const firsts = await Promise.all(
    tables.map((table) =>
      reader.query<{ ts: number | null }>(
        `SELECT min(ts) AS ts FROM ${table} WHERE venue = $1 AND symbol = $2`,
        [venue, symbol],
      ),
    ),
  );
  return Math.min(...firsts.flat().map(({ ts }) => ts ?? Infinity));
}
