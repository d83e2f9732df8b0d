/** Rows made again -> the revisions of candles, features and labels in QuestDB that they need. */
import type { FeaturesOut } from '../stream/features.ts';
import { nextRevision, touching, type Touch } from './revisions.ts';
import { emptySinkRows, addFeatureRows } from '../sink/sink.ts';
import { must } from '../../src/assert.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { timeframeUs, type Timeframe } from '../../src/domain/candle.ts';
import { floorTo, formatUs, US_PER_DAY } from '../../src/domain/time.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import type { Context } from '../../src/runtime/context.ts';
import { candles as candlesTable, type CandleRow } from '../../src/questdb/tables/candles.ts';
import { featuresTable, type FeatureRow } from '../../src/questdb/tables/features.ts';
import type { LabelRow } from '../../src/questdb/tables/labels.ts';
import { readFeaturesAsOf, readLabelsAsOf } from '../../src/questdb/tables/readers.ts';
import { gapsTouching, readPrices } from '../../src/questdb/tables/stored-ticks.ts';
import type { Instrument, QuestTable, SqlReader, TimeRange } from '../../src/questdb/table.ts';
import { toPrices } from '../grades/grading-input.ts';
import { labelRows, labelsTable } from '../labels/label-rows.ts';
import { writeJobRows } from '../sink/note-written.ts';
import { bySource, type OfOneSource } from '../grades/price-source.ts';

/** How many revisions were written. */
export interface Revised {
  candles: number;
  features: number;
  labels: number;
}

interface DayRequest {
  readonly records: readonly FeaturesOut[];
  readonly touches: readonly Touch[];
  readonly asOfUs: number;
  /** Whether the operators saw all that was ever stored; else features are left alone. */
  readonly knowsAll: boolean;
}

/** Compares what was made again with what is stored, and writes what differs. */
export async function reviseDay(
  context: Context,
  instrument: Instrument,
  { records, touches, asOfUs, knowsAll }: DayRequest,
  revised: Revised,
): Promise<void> {
  const [first, last] = [records[0]?.record, records.at(-1)?.record];
  if (first === undefined || last === undefined) return;
  const again = emptySinkRows();
  for (const { record } of records) addFeatureRows(again, record);
  const range = { fromUs: first.ts, toUs: last.ts + 1, asOfUs };
  const reader = context.questdbReader();
  const served = await readFeaturesAsOf(reader, instrument, range);
  const candles = await candlesAsOf(reader, instrument, again.candles, asOfUs);
  const features = new Map(served.map((row) => [`${row.ts}|${row.feature_set}`, row]));
  revised.candles += await write(
    context,
    candlesTable,
    again.candles.flatMap((row) => {
      const flags = touching(touches, row.ts, row.ts + timeframeUs(row.timeframe as Timeframe));
      const stored = candles.get(candleKey(row));
      return nextRevision({ stored, ...knownSince(row, stored, asOfUs), flags }) ?? [];
    }),
  );
  if (!knowsAll) return;
  revised.features += await write(
    context,
    featuresTable(FEATURE_NAMES),
    again.features.flatMap((row) => {
      const { candles: closed } = must(records.find(({ record }) => record.ts === row.ts)).record;
      const fromTs = Math.min(...closed.map(({ start_ts }) => start_ts));
      const flags = touching(touches, fromTs, row.ts);
      const stored = features.get(`${row.ts}|${row.feature_set}`);
      return nextRevision({ stored, ...knownSince(row, stored, asOfUs), flags }) ?? [];
    }),
  );
}

/** The job's as-of barrier; or its own moment where it is of an import and was never served. */
function knownSince<R extends CandleRow | FeatureRow>(
  again: R,
  stored: R | undefined,
  asOfUs: number,
) {
  const isOwn = stored === undefined && (again.imported_at ?? null) !== null;
  if (isOwn) return { again, knownAt: again.known_at };
  const moment = { known_at: asOfUs, decided_ts: asOfUs, imported_at: null };
  return { again: { ...again, ...moment }, knownAt: asOfUs };
}

const candleKey = ({ ts, timeframe, price_source }: CandleRow): string =>
  `${ts}|${timeframe}|${price_source}`;

async function candlesAsOf(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  rows: readonly CandleRow[],
  asOfUs: number,
): Promise<Map<string, CandleRow>> {
  const starts = rows.map(({ ts }) => ts);
  const [fromUs, toUs] = [Math.min(...starts), Math.max(...starts) + 1];
  const stored = await reader.query<CandleRow>(
    `SELECT * FROM candles WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4
       AND known_at <= $5 ORDER BY revision`,
    [venue, symbol, formatUs(fromUs), formatUs(toUs), formatUs(asOfUs)],
  );
  return new Map(stored.map((row) => [candleKey(row), row]));
}

interface LabelsRequest {
  /** From the first to the last tick that came behind its time. */
  readonly fromTs: number;
  readonly lastTs: number;
  readonly touches: readonly Touch[];
  readonly asOfUs: number;
}

/** Grades again whatever decision's horizon was touched, a day of decisions at a time. */
export async function reviseLabels(
  context: Context,
  instrument: Instrument,
  { fromTs, lastTs, touches, asOfUs }: LabelsRequest,
  revised: Revised,
): Promise<void> {
  const { venue, symbol } = instrument;
  const specs = await context
    .questdbReader()
    .query<{ label_spec: string }>(
      `SELECT DISTINCT label_spec FROM labels WHERE venue = $1 AND symbol = $2 ORDER BY 1`,
      [venue, symbol],
    );
  for (const { label_spec: labelSpec } of specs) {
    const { horizonUs } = parseLabelSpec(labelSpec);
    // A decision stands at its candle's end; the tick that made it came within the hour.
    for (let at = fromTs - 2 * horizonUs; at <= lastTs;) {
      const toUs = Math.min(lastTs + 1, floorTo(at, US_PER_DAY) + US_PER_DAY);
      const request = { labelSpec, horizonUs, range: { fromUs: Math.max(0, at), toUs } };
      revised.labels += await reviseSome(context, instrument, request, touches, asOfUs);
      at = toUs;
    }
  }
}

async function reviseSome(
  context: Context,
  instrument: Instrument,
  request: { labelSpec: string; horizonUs: number; range: TimeRange },
  touches: readonly Touch[],
  asOfUs: number,
): Promise<number> {
  const { labelSpec, range } = request;
  const reader = context.questdbReader();
  const stored = await readLabelsAsOf(reader, instrument, { ...range, labelSpec, asOfUs });
  const sorted = stored.toSorted((a, b) => a.decided_ts - b.decided_ts);
  let revised = 0;
  for (const part of await bySource(reader, instrument, sorted)) {
    revised += await revisePart(context, instrument, { ...request, ...part }, touches, asOfUs);
  }
  return revised;
}

interface RevisedPart extends OfOneSource<LabelRow> {
  readonly labelSpec: string;
  readonly horizonUs: number;
}

async function revisePart(
  context: Context,
  instrument: Instrument,
  { labelSpec, horizonUs, source, decisions: graded }: RevisedPart,
  touches: readonly Touch[],
  asOfUs: number,
): Promise<number> {
  const reader = context.questdbReader();
  const [first, last] = [must(graded[0]), must(graded.at(-1))];
  const over = { fromUs: first.decided_ts, toUs: last.decided_ts + horizonUs + 1 };
  const again = await labelRows(reader, {
    ...instrument,
    labelSpec,
    horizonUs,
    latenessUs: 0,
    decisions: graded,
    prices: toPrices(await readPrices(reader, instrument, over), source),
    arrivals: [],
    gaps: await gapsTouching(reader, instrument, over),
    asOfUs,
  });
  const revisions = again.flatMap((row, i): LabelRow[] => {
    const flags = touching(touches, row.decided_ts, row.decided_ts + horizonUs + 1);
    const before = must(graded[i]);
    // What lies between entry and exit changes no label: no flag alone makes a revision here.
    const next = nextRevision({ stored: before, again: row, flags: [], knownAt: asOfUs });
    return next === null ? [] : [{ ...next, flags: [next.flags, ...flags].filter(Boolean).join() }];
  });
  return write(context, labelsTable(labelSpec), revisions);
}

async function write<Row extends CandleRow | FeatureRow | LabelRow>(
  context: Context,
  table: QuestTable<Row>,
  rows: readonly Row[],
): Promise<number> {
  if (rows.length === 0) return 0;
  await writeJobRows(context, table, rows);
  await context.questdbReader().waitApplied([table.name]);
  return rows.length;
}
