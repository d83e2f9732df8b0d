/**
 * The grades job: says of the oldest matured signals of an instrument what they were worth, traded
 * or not, a bounded slice at a time, until none is left.
 */
import { gradeSignals, type Grade } from './grades.ts';
import type { JobData } from '../../src/queue/queue.ts';
import { assert, must } from '../../src/assert.ts';
import { US_PER_HOUR } from '../../src/domain/time.ts';
import { venueLateness } from '../../src/domain/venues.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import type { Context } from '../../src/runtime/context.ts';
import {
  noteOutcomes,
  oldestUngraded,
  type SignalOutcomeRow,
  type UngradedSignal,
} from '../../src/postgres/tables/signal-outcomes.ts';
import { storedWatermark } from '../../src/postgres/tables/stored-watermarks.ts';
import { gradingInput } from './grading-input.ts';
import { bySource } from './price-source.ts';

const SLICE_SIGNALS = 500;
/** Prices are read over the whole of a slice: signals far apart are not in one. */
const SLICE_US = 6 * US_PER_HOUR;

export async function runGrades(context: Context, { subject }: JobData): Promise<void> {
  const instrument = must(parseInstrumentKey(subject), `subject "${subject}" is an instrument`);
  const { config, postgres } = context;
  const latenessUs = venueLateness(instrument.venue, config.latenessUs);
  const { horizonUs } = config;
  const reachedTs = await storedWatermark(postgres, subject);
  if (reachedTs === null) return;
  const decidedByUs = reachedTs - latenessUs - horizonUs;
  for (;;) {
    const limits = { decidedByUs, limit: SLICE_SIGNALS };
    const oldest = inOneSlice(await oldestUngraded(postgres, instrument, limits));
    const reader = context.questdbReader();
    const [slice] = await bySource(reader, instrument, oldest);
    if (slice === undefined) return;
    const { source, decisions: signals } = slice;
    const fromUs = must(signals[0]).decided_ts;
    const endUs = must(signals.at(-1)).decided_ts + horizonUs + latenessUs;
    const input = await gradingInput(reader, instrument, { fromUs, endUs, source });
    const grades = gradeSignals({
      horizonUs,
      latenessUs,
      signals: signals.map((signal) => ({
        signalId: signal.signal_id,
        decidedTs: signal.decided_ts,
        direction: signal.direction,
        stopLoss: Number(signal.stop_loss),
        takeProfit: Number(signal.take_profit),
      })),
      ...input,
    });
    assert(grades.length === signals.length, `all of ${subject} that has matured is graded`);
    const labelSpec = `barrier_${config.horizon}@1`;
    await noteOutcomes(
      postgres,
      grades.map((grade) => toRow(grade, labelSpec)),
    );
  }
}

function inOneSlice(signals: readonly UngradedSignal[]): UngradedSignal[] {
  const fromUs = signals[0]?.decided_ts ?? 0;
  return signals.filter(({ decided_ts }) => decided_ts < fromUs + SLICE_US);
}

function toRow({ signalId, labelKnownAt, outcome }: Grade, labelSpec: string): SignalOutcomeRow {
  const isVoid = typeof outcome === 'string';
  const touched = isVoid ? null : outcome;
  return {
    signal_id: signalId,
    label_spec: labelSpec,
    state: isVoid ? 'void' : 'matured',
    void_reason: isVoid ? outcome : null,
    entry_ts: touched?.entryTs ?? null,
    entry_price: touched?.entryPrice ?? null,
    exit_ts: touched?.exitTs ?? null,
    exit_price: touched?.exitPrice ?? null,
    exit_tick_id: touched?.exitTickId ?? null,
    forward_return: touched?.forwardReturn ?? null,
    touched: touched?.touched ?? null,
    held_us: touched?.heldUs ?? null,
    best_excursion: touched?.bestExcursion ?? null,
    worst_excursion: touched?.worstExcursion ?? null,
    result: touched?.result ?? null,
    label_known_at: labelKnownAt,
  };
}
