/**
 * The labels of many instruments at once: one question for their decisions and one for each table
 * that has prices, however many instruments there are.
 *
 *      entries                        exits        over, and shown
 *   d0 [ d1 ]--tolerance   tolerance--[    ]  lateness  [ ... )
 *   ---------------------------------------------------------------> event time
 *
 * A direction label needs a price behind the decision and for one before the end; what lies
 * between them is not read. The rows are those that the job of one instrument gives. What does not
 * fit into memory is left to that job, and so is what was shown long after its end.
 */
import { must } from '../../src/assert.ts';
import { MANY_MARKETS, type JobData } from '../../src/queue/queue-names.ts';
import { labelDecisions } from './labels.ts';
import { knownAtOrBehind, TOLERANCE_SHARE, type Arrival } from '../grades/grading.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { formatUs, US_PER_DAY, US_PER_HOUR, US_PER_MIN } from '../../src/domain/time.ts';
import { venueLateness } from '../../src/domain/venues.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { grouped } from '../../src/grouped.ts';
import type { Context } from '../../src/runtime/context.ts';
import { storedWatermarks } from '../../src/postgres/tables/stored-watermarks.ts';
import { labels, type LabelRow } from '../../src/questdb/tables/labels.ts';
import {
  readGapsByInstrument,
  readPricesByInstrument,
  type StoredGap,
  type StoredPrice,
} from '../../src/questdb/tables/stored-ticks.ts';
import type { Instrument, SqlReader, TimeRange } from '../../src/questdb/table.ts';
import { toArrivals, toPrices, readHeartbeatsByInstrument } from '../grades/grading-input.ts';
import { runLabels } from './job.ts';
import { writeJobRows } from '../sink/note-written.ts';
import { firstCandles, sourceAt, type FirstCandles } from '../grades/price-source.ts';

/** How far decisions of one set may lie apart. */
const WIDTH_US = 5 * US_PER_MIN;
/** Of one set; they and their prices are in memory together. */
const DECISIONS_MAX = 50_000;
/** Of one run; the next one goes on. */
const RUN_US = US_PER_HOUR;

const READ = ['predictions', 'labels', 'ticks', 'quotes', 'heartbeats', 'quality_events'];

export interface SetLimits {
  /** So many stored prices and heartbeats are read at once. */
  readonly rowsMax: number;
  /** How long behind its end a label may be shown, the longest first: the first that fits holds. */
  readonly shownUs: readonly number[];
}

const LIMITS: SetLimits = {
  rowsMax: 1_000_000,
  // A weekend, where so many rows can be read.
  shownUs: [4 * US_PER_DAY, US_PER_DAY, 4 * US_PER_HOUR, US_PER_HOUR, 5 * US_PER_MIN],
};

export interface LabelSetRequest {
  readonly labelSpec: string;
  /** The spec that the decisions predict. */
  readonly of: string;
  readonly latenessUs: number;
  /** How far the stored stream of each instrument has come, by its key. */
  readonly reached: ReadonlyMap<string, number>;
  readonly limits?: SetLimits;
}

/** The job: of many instruments at once where its subject says so, else of one. */
export const runLabelJob = (context: Context, data: JobData): Promise<void> =>
  data.subject === MANY_MARKETS
    ? runLabelSet(context, must(data.labelSpec), must(data.fromTs))
    : runLabels(context, data);

/** Grades what has matured of all instruments, of decisions with `ts` in the hour from `fromUs`. */
export async function runLabelSet(
  context: Context,
  labelSpec: string,
  fromUs: number,
): Promise<void> {
  const { latenessUs, labelSpec: predicted, moreLabelSpecs } = context.config;
  const reader = context.questdbReader();
  const markets = await storedWatermarks(context.postgres);
  const reached = new Map(markets.map((market) => [instrumentKey(market), market.reachedTs]));
  // What the watermarks vouch for is written; now it is to be read, too.
  await reader.waitApplied(READ);
  const of = moreLabelSpecs.includes(labelSpec) ? predicted : labelSpec;
  const request = { labelSpec, of, latenessUs, reached };
  const left = new Set<string>();
  const toUs = Math.min(fromUs + RUN_US, furthestMatured(request) + 1);
  for (let at = fromUs; at < toUs; at += WIDTH_US) {
    const decisions = await readMatured(reader, request, { fromUs: at, toUs: at + WIDTH_US });
    for (const near of nearOnes(decisions)) {
      const rows = await setRows(reader, request, near);
      await writeJobRows(context, labels, rows);
      const graded = new Set(rows.map((row) => `${row.ts}|${instrumentKey(row)}`));
      for (const one of near)
        if (!graded.has(`${one.ts}|${instrumentKey(one)}`)) left.add(instrumentKey(one));
    }
  }
  await reader.waitApplied(['labels']);
  for (const subject of left) {
    await runLabels(context, { subject, labelSpec, dueTs: fromUs, fromTs: fromUs });
  }
}

export interface SetDecision extends Instrument {
  readonly ts: number;
  readonly decided_ts: number;
}

/** No decision behind it has matured, whatever market it is of. */
function furthestMatured({ labelSpec, reached }: LabelSetRequest): number {
  const { horizonUs } = parseLabelSpec(labelSpec);
  let furthest = 0;
  for (const reachedTs of reached.values()) furthest = Math.max(furthest, reachedTs - horizonUs);
  return furthest;
}

/** Decisions of all instruments that have matured and have no label of any revision. */
export async function readMatured(
  reader: SqlReader,
  request: LabelSetRequest,
  { fromUs, toUs }: TimeRange,
): Promise<SetDecision[]> {
  const { labelSpec, of, latenessUs, reached } = request;
  const { horizonUs } = parseLabelSpec(labelSpec);
  const rows = await reader.query<SetDecision>(
    `SELECT p.venue AS venue, p.symbol AS symbol, p.ts AS ts, p.decided_ts AS decided_ts
     FROM (SELECT venue, symbol, ts, min(decided_ts) AS decided_ts FROM predictions
           WHERE label_spec = $1 AND ts >= $2 AND ts < $3 AND decided_ts <= $5
           GROUP BY venue, symbol, ts) p
     LEFT JOIN (SELECT venue, symbol, ts, max(revision) AS revision FROM labels
                WHERE label_spec = $4 AND ts >= $2 AND ts < $3 GROUP BY venue, symbol, ts) l
       ON p.ts = l.ts AND p.symbol = l.symbol AND p.venue = l.venue
     WHERE l.revision IS NULL`,
    [of, formatUs(fromUs), formatUs(toUs), labelSpec, formatUs(furthestMatured(request))],
  );
  return rows.filter((row) => {
    const overUs = row.decided_ts + horizonUs + venueLateness(row.venue, latenessUs);
    return overUs <= (reached.get(instrumentKey(row)) ?? -Infinity);
  });
}

/**
 * Decisions that were made within the width of a set, together, oldest first. A quiet market
 * decides late, as behind a weekend: those of all markets lie together again.
 */
export function nearOnes<D extends { readonly decided_ts: number }>(
  decisions: readonly D[],
): D[][] {
  const sets: D[][] = [];
  let [set, startTs]: [D[], number] = [[], -Infinity];
  for (const decision of decisions.toSorted((a, b) => a.decided_ts - b.decided_ts)) {
    if (decision.decided_ts >= startTs + WIDTH_US || set.length >= DECISIONS_MAX) {
      [set, startTs] = [[], decision.decided_ts];
      sets.push(set);
    }
    set.push(decision);
  }
  return sets;
}

/**
 * Labels of decisions that lie within the width of a set. There is none of a decision that has to
 * be graded by the job of its instrument.
 */
export async function setRows(
  reader: SqlReader,
  request: LabelSetRequest,
  decisions: readonly SetDecision[],
): Promise<LabelRow[]> {
  const { labelSpec } = request;
  const { horizonUs } = parseLabelSpec(labelSpec);
  const byMarket = grouped(decisions, instrumentKey);
  const { limits = LIMITS } = request;
  const input = await readInput(reader, decisions, horizonUs, request.latenessUs, byMarket, limits);
  if (input === null) return [];
  const rows: LabelRow[] = [];
  for (const [key, own] of byMarket) {
    const { venue, symbol } = own[0] as SetDecision;
    const latenessUs = venueLateness(venue, request.latenessUs);
    const stored = input.prices.get(key) ?? [];
    const arrivals = [...toArrivals(stored), ...(input.heartbeats.get(key) ?? [])];
    arrivals.sort((a, b) => a.ts - b.ts);
    const first = input.candles.get(key) ?? {};
    const gaps = input.gaps.get(key) ?? [];
    for (const [source, part] of grouped(own, ({ ts }) => sourceAt(first, ts))) {
      const shown = knownAtOrBehind(arrivals);
      // What is read ends somewhere: what lies behind that can have been known since then at best.
      const graded = part.filter(
        ({ decided_ts: at }) => (shown(at + horizonUs + latenessUs) ?? Infinity) < input.toUs,
      );
      rows.push(
        ...labelDecisions({
          venue,
          symbol,
          labelSpec,
          horizonUs,
          latenessUs,
          arrivals,
          gaps,
          decisions: graded.map(({ ts, decided_ts }) => ({ ts, decidedTs: decided_ts })),
          prices: toPrices(stored, source),
        }),
      );
    }
  }
  return rows;
}

interface SharedInput {
  /** Around the entries, around the exits, and what is behind these up to `toUs`. */
  readonly prices: ReadonlyMap<string, readonly StoredPrice[]>;
  readonly heartbeats: ReadonlyMap<string, readonly Arrival[]>;
  readonly gaps: ReadonlyMap<string, readonly StoredGap[]>;
  readonly candles: ReadonlyMap<string, FirstCandles>;
  readonly toUs: number;
}

/** What all of them are graded by; null where that is too much. */
async function readInput(
  reader: SqlReader,
  decisions: readonly SetDecision[],
  horizonUs: number,
  usualUs: number,
  byMarket: ReadonlyMap<string, unknown>,
  limits: SetLimits,
): Promise<SharedInput | null> {
  let [fromUs, lastUs, overUs, firstTs, lastTs] = [Infinity, 0, 0, Infinity, 0];
  for (const decision of decisions) {
    fromUs = Math.min(fromUs, decision.decided_ts);
    lastUs = Math.max(lastUs, decision.decided_ts);
    overUs = Math.max(
      overUs,
      decision.decided_ts + horizonUs + venueLateness(decision.venue, usualUs),
    );
    firstTs = Math.min(firstTs, decision.ts);
    lastTs = Math.max(lastTs, decision.ts);
  }
  const toleranceUs = Math.ceil(horizonUs * TOLERANCE_SHARE);
  const entries = { fromUs, toUs: lastUs + toleranceUs + 1 };
  const endsFromUs = fromUs + horizonUs - toleranceUs;
  for (const shownUs of limits.shownUs) {
    const toUs = overUs + shownUs;
    const ranges =
      entries.toUs < endsFromUs ? [entries, { fromUs: endsFromUs, toUs }] : [{ fromUs, toUs }];
    if ((await rowsIn(reader, ranges)) > limits.rowsMax) continue;
    const prices = new Map<string, StoredPrice[]>();
    for (const range of ranges) {
      const read = await readPricesByInstrument(reader, range, (key) => byMarket.has(key));
      for (const [key, own] of read) prices.set(key, [...(prices.get(key) ?? []), ...own]);
    }
    return {
      prices,
      toUs,
      heartbeats: await readHeartbeatsByInstrument(reader, { fromUs: endsFromUs, toUs }),
      // One that ends later was not known by then.
      gaps: await readGapsByInstrument(reader, { fromUs, toUs }),
      candles: await firstCandles(reader, { fromUs: firstTs, toUs: lastTs }, null),
    };
  }
  return null;
}

async function rowsIn(reader: SqlReader, ranges: readonly TimeRange[]): Promise<number> {
  let sum = 0;
  for (const { fromUs, toUs } of ranges) {
    for (const table of ['ticks', 'quotes', 'heartbeats']) {
      const [row] = await reader.query<{ rows: number }>(
        `SELECT count() AS rows FROM ${table} WHERE ts >= $1 AND ts < $2`,
        [formatUs(fromUs), formatUs(toUs)],
      );
      sum += row?.rows ?? 0;
    }
  }
  return sum;
}
