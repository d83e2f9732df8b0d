/**
 * The labels job: grades the oldest matured decisions of an instrument that have no label yet, a
 * bounded slice at a time, until none is left. Writing a label again writes the same bytes.
 */
import type { JobData } from '../../src/queue/queue.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { venueLateness } from '../../src/domain/venues.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import { must } from '../../src/assert.ts';
import type { Context } from '../../src/runtime/context.ts';
import { storedWatermark } from '../../src/postgres/tables/stored-watermarks.ts';
import { maturedWithoutLabel } from '../../src/questdb/tables/readers.ts';
import type { Instrument, SqlReader } from '../../src/questdb/table.ts';
import { gradingInput } from '../grades/grading-input.ts';
import { labelRows, labelsTable } from './label-rows.ts';
import { writeJobRows } from '../sink/note-written.ts';
import { bySource } from '../grades/price-source.ts';

const SLICE_DECISIONS = 2_000;
const READ = ['predictions', 'labels'];

export async function runLabels(
  context: Context,
  { subject, labelSpec, fromTs }: JobData,
): Promise<void> {
  const instrument = must(parseInstrumentKey(subject), `subject "${subject}" is an instrument`);
  const reader = context.questdbReader();
  const latenessUs = venueLateness(instrument.venue, context.config.latenessUs);
  const spec = must(labelSpec);
  const { labelSpec: predicted, moreLabelSpecs } = context.config;
  // A spec that is predicted grades its own predictions, any other those of the default.
  const of = moreLabelSpecs.includes(spec) ? predicted : spec;
  let fromUs = fromTs ?? 0;
  for (;;) {
    const reachedTs = await storedWatermark(context.postgres, subject);
    if (reachedTs === null) return;
    // What the watermark vouches for is written; now it is to be read, too.
    await reader.waitApplied(READ);
    const request = { labelSpec: spec, of, fromUs, reachedTs, latenessUs };
    const rows = await nextSlice(reader, instrument, request);
    const last = rows.at(-1);
    if (last === undefined) return;
    await writeJobRows(context, labelsTable(spec), rows);
    await reader.waitApplied(['labels']);
    fromUs = last.ts;
  }
}

interface SliceRequest {
  readonly labelSpec: string;
  /** The spec that the decisions predict. */
  readonly of: string;
  /** Decisions from this `ts` on. */
  readonly fromUs: number;
  readonly reachedTs: number;
  readonly latenessUs: number;
}

/** The oldest of them with their labels, of one price source; none: all are graded. */
export async function nextSlice(
  reader: SqlReader,
  instrument: Instrument,
  { labelSpec, of, fromUs: searchUs, reachedTs, latenessUs }: SliceRequest,
) {
  const { horizonUs } = parseLabelSpec(labelSpec);
  const decidedByUs = reachedTs - latenessUs - horizonUs;
  if (decidedByUs < 0) return [];
  const request = { labelSpec, of, fromUs: searchUs, decidedByUs, limit: SLICE_DECISIONS };
  const decisions = await maturedWithoutLabel(reader, instrument, request);
  const [slice] = await bySource(reader, instrument, decisions);
  if (slice === undefined) return [];
  const { source, decisions: graded } = slice;
  const fromUs = must(graded[0]).decided_ts;
  const endUs = must(graded.at(-1)).decided_ts + horizonUs + latenessUs;
  const input = await gradingInput(reader, instrument, { fromUs, endUs, source });
  return labelRows(reader, {
    ...instrument,
    labelSpec,
    horizonUs,
    latenessUs,
    decisions: graded,
    ...input,
  });
}
