/**
 * QuestDB -> what models predicted and what then happened, counted: matured labels in their
 * newest revision, as they are known by now. Read a week at a time, so that a year costs no more
 * memory than a week.
 */
import { formatUs, US_PER_DAY } from '../../domain/time.ts';
import {
  OutcomeTally,
  type GradedPrediction,
  type OutcomeGroup,
  type OutcomeMetrics,
} from '../../learning/monitoring.ts';
import { readRegimes } from './regimes.ts';
import type { Instrument, SqlReader } from '../table.ts';

export interface OutcomesRequest {
  readonly by: OutcomeGroup;
  /** Whatever is left out is not limited. */
  readonly modelId?: string | undefined;
  readonly venue?: string | undefined;
  readonly symbol?: string | undefined;
  readonly labelSpec?: string | undefined;
  /** Half-open, of `ts`; left out: each instrument's newest 30 days of predictions. */
  readonly fromUs?: number | undefined;
  readonly toUs?: number | undefined;
}

export interface OutcomesFound {
  /** The range that was counted; null: there are no such predictions. */
  readonly fromUs: number | null;
  readonly toUs: number | null;
  readonly metrics: readonly OutcomeMetrics[];
}

const USUAL_US = 30 * US_PER_DAY;
/** Rows of a week and an instrument fit into memory however many slots there are. */
const PIECE_US = 7 * US_PER_DAY;
/** Markets that are read one by one. */
const ONE_BY_ONE = 20;
const SHORTEST_US = 600_000_000;

interface Spoken extends Instrument {
  readonly label_spec: string;
  readonly first_ts: number;
  readonly last_ts: number;
}

/** Every prediction of the range that has a matured label, each decision of a model once. */
export async function modelOutcomes(
  reader: SqlReader,
  request: OutcomesRequest,
): Promise<OutcomesFound> {
  const markets = await readPredictedMarkets(reader, request);
  if (markets.length === 0) return { fromUs: null, toUs: null, metrics: [] };
  const tally = new OutcomeTally(request.by);
  const ranges = markets.map((market) => ({ market, ...requestedRange(market, request) }));
  for (const set of groupByWeeks(ranges)) {
    // The regime of a decision is read market by market.
    if (set.length > ONE_BY_ONE && request.by !== 'regime')
      await addSet(reader, set, request, tally);
    else for (const one of set) await addOne(reader, one, request, tally);
  }
  return {
    fromUs: Math.min(...ranges.map(({ fromUs }) => fromUs)),
    toUs: Math.max(...ranges.map(({ toUs }) => toUs)),
    metrics: tally.metrics(),
  };
}

interface TimeRange {
  readonly market: Spoken;
  readonly fromUs: number;
  readonly toUs: number;
}

const rangeStart = ({ market, fromUs }: TimeRange): number => Math.max(fromUs, market.first_ts);
const rangeEnd = ({ market, toUs }: TimeRange): number => Math.min(toUs, market.last_ts + 1);

/** Markets that spoke in the same weeks: an old recording is not read together with a live one. */
function groupByWeeks(ranges: readonly TimeRange[]): Iterable<readonly TimeRange[]> {
  const sets = new Map<string, TimeRange[]>();
  for (const range of ranges) {
    const weeks = [rangeStart(range), rangeEnd(range)].map((ts) => Math.floor(ts / PIECE_US));
    const set = sets.get(weeks.join());
    if (set === undefined) sets.set(weeks.join(), [range]);
    else set.push(range);
  }
  return sets.values();
}

async function addOne(
  reader: SqlReader,
  range: TimeRange,
  request: OutcomesRequest,
  tally: OutcomeTally,
): Promise<void> {
  const endUs = rangeEnd(range);
  for (let at = rangeStart(range); at < endUs; at += PIECE_US) {
    const piece = { fromUs: at, toUs: Math.min(endUs, at + PIECE_US) };
    tally.add(await gradedPredictions(reader, range.market, { ...request, ...piece }));
  }
}

/** All of the set by one question for each piece of time, so short that its rows fit as before. */
async function addSet(
  reader: SqlReader,
  set: readonly TimeRange[],
  { modelId }: OutcomesRequest,
  tally: OutcomeTally,
): Promise<void> {
  const wanted = new Map(set.map((range) => [specKey(range.market), range]));
  let [fromUs, endUs] = [Infinity, 0];
  for (const range of set) {
    fromUs = Math.min(fromUs, rangeStart(range));
    endUs = Math.max(endUs, rangeEnd(range));
  }
  const stepUs = Math.max(SHORTEST_US, Math.ceil((PIECE_US * ONE_BY_ONE) / set.length));
  for (let at = fromUs; at < endUs; at += stepUs) {
    const piece = [formatUs(at), formatUs(Math.min(endUs, at + stepUs))];
    const rows = await reader.query<Joined & Spoken>(
      GRADED_SET_SQL(modelId === undefined ? '' : 'AND model_id = $3'),
      [...piece, ...(modelId === undefined ? [] : [modelId])],
    );
    const of = new Map<string, (Joined & Spoken)[]>();
    for (const row of rows) {
      const key = specKey(row);
      const range = wanted.get(key);
      if (range === undefined || row.ts < rangeStart(range) || row.ts >= rangeEnd(range)) continue;
      const before = of.get(key);
      if (before === undefined) of.set(key, [row]);
      else before.push(row);
    }
    for (const own of of.values()) {
      tally.add(onceEach(own).map(({ slot: _slot, ...row }) => ({ ...row, regime: null })));
    }
  }
}

const specKey = ({ venue, symbol, label_spec }: Pick<Spoken, 'venue' | 'symbol' | 'label_spec'>) =>
  `${venue}:${symbol}|${label_spec}`;

const GRADED_SET_SQL = (more: string): string => `
  SELECT p.venue AS venue, p.symbol AS symbol, p.label_spec AS label_spec, p.ts AS ts,
    p.slot AS slot, p.model_id AS model_id, p.verdict AS verdict,
    p.probability_up AS probability_up, l.up AS up
  FROM (SELECT ts, venue, symbol, label_spec, slot, model_id, verdict, probability_up
        FROM predictions WHERE ts >= $1 AND ts < $2 ${more}) p
  JOIN (SELECT ts, venue, symbol, label_spec, up FROM labels_latest
        WHERE ts >= $1 AND ts < $2 AND state = 'matured') l
    ON p.ts = l.ts AND p.symbol = l.symbol AND p.venue = l.venue AND p.label_spec = l.label_spec`;

/** An old recording stands beside a live market: each has newest days of its own. */
function requestedRange(
  { last_ts: lastUs }: Spoken,
  request: OutcomesRequest,
): { readonly fromUs: number; readonly toUs: number } {
  const toUs = request.toUs ?? lastUs + 1;
  return { fromUs: request.fromUs ?? toUs - USUAL_US, toUs };
}

/** Where and when the requested model predicted anything, or any model did. */
async function readPredictedMarkets(
  reader: SqlReader,
  { modelId, venue, symbol, labelSpec }: OutcomesRequest,
): Promise<Spoken[]> {
  const wanted = { model_id: modelId, venue, symbol, label_spec: labelSpec };
  const given = Object.entries(wanted).flatMap(([column, value]) =>
    value === undefined ? [] : [{ column, value }],
  );
  const where = given.map(({ column }, i) => `${column} = $${i + 1}`).join(' AND ');
  return reader.query<Spoken>(
    `SELECT venue, symbol, label_spec, min(ts) AS first_ts, max(ts) AS last_ts
     FROM predictions ${where === '' ? '' : `WHERE ${where}`} ORDER BY venue, symbol, label_spec`,
    given.map(({ value }) => value),
  );
}

interface Joined extends Omit<GradedPrediction, 'regime' | 'venue' | 'symbol' | 'label_spec'> {
  readonly slot: string;
}

async function gradedPredictions(
  reader: SqlReader,
  { venue, symbol, label_spec }: Spoken,
  {
    by,
    modelId,
    fromUs,
    toUs,
  }: OutcomesRequest & { readonly fromUs: number; readonly toUs: number },
): Promise<GradedPrediction[]> {
  const range = [formatUs(fromUs), formatUs(toUs)];
  const rows = await reader.query<Joined>(
    `SELECT p.ts AS ts, p.slot AS slot, p.model_id AS model_id, p.verdict AS verdict,
       p.probability_up AS probability_up, l.up AS up
     FROM (SELECT ts, slot, model_id, verdict, probability_up FROM predictions
           WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND ts >= $4 AND ts < $5
           ${modelId === undefined ? '' : 'AND model_id = $6'}) p
     JOIN (SELECT ts, up FROM labels_latest
           WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND ts >= $4 AND ts < $5
             AND state = 'matured') l ON p.ts = l.ts`,
    [venue, symbol, label_spec, ...range, ...(modelId === undefined ? [] : [modelId])],
  );
  const regimes =
    by === 'regime' ? await readRegimes(reader, { venue, symbol }, { fromUs, toUs }) : null;
  return onceEach(rows).map(({ slot: _slot, ...row }) => ({
    ...row,
    venue,
    symbol,
    label_spec,
    regime: regimes?.get(row.ts) ?? null,
  }));
}

/** Where a model went from one slot to another it may have spoken in both: it is one decision. */
function onceEach<Row extends Joined>(rows: readonly Row[]): Row[] {
  const once = new Map<string, Row>();
  for (const row of rows) {
    const key = `${row.ts}|${row.model_id}`;
    if (!once.has(key) || row.slot === 'champion') once.set(key, row);
  }
  return [...once.values()];
}
