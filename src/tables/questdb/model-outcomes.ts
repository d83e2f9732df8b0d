/**
 * QuestDB -> what models said of decisions and what then happened, counted: matured labels in their
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
import { regimesOf } from './regimes.ts';
import type { Instrument, SqlReader } from './table.ts';

export interface OutcomesAsked {
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
  /** The stretch that was counted; null: there are no such predictions. */
  readonly fromUs: number | null;
  readonly toUs: number | null;
  readonly metrics: readonly OutcomeMetrics[];
}

const USUAL_US = 30 * US_PER_DAY;
/** Rows of a week and an instrument fit into memory however many slots there are. */
const PIECE_US = 7 * US_PER_DAY;

interface Spoken extends Instrument {
  readonly label_spec: string;
  readonly first_ts: number;
  readonly last_ts: number;
}

/** Every prediction of the stretch that has a matured label, each decision of a model once. */
export async function modelOutcomes(
  reader: SqlReader,
  asked: OutcomesAsked,
): Promise<OutcomesFound> {
  const markets = await marketsSpokenOf(reader, asked);
  if (markets.length === 0) return { fromUs: null, toUs: null, metrics: [] };
  const tally = new OutcomeTally(asked.by);
  const stretches = markets.map((market) => ({ market, ...stretchOf(market, asked) }));
  for (const { market, fromUs, toUs } of stretches) {
    const endUs = Math.min(toUs, market.last_ts + 1);
    for (let at = Math.max(fromUs, market.first_ts); at < endUs; at += PIECE_US) {
      const piece = { fromUs: at, toUs: Math.min(endUs, at + PIECE_US) };
      tally.add(await gradedPredictions(reader, market, { ...asked, ...piece }));
    }
  }
  return {
    fromUs: Math.min(...stretches.map(({ fromUs }) => fromUs)),
    toUs: Math.max(...stretches.map(({ toUs }) => toUs)),
    metrics: tally.metrics(),
  };
}

/** An old recording stands beside a live market: each has newest days of its own. */
function stretchOf(
  { last_ts: lastUs }: Spoken,
  asked: OutcomesAsked,
): { readonly fromUs: number; readonly toUs: number } {
  const toUs = asked.toUs ?? lastUs + 1;
  return { fromUs: asked.fromUs ?? toUs - USUAL_US, toUs };
}

/** Where and when anything was said by the asked model, or by any. */
async function marketsSpokenOf(
  reader: SqlReader,
  { modelId, venue, symbol, labelSpec }: OutcomesAsked,
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
  { by, modelId, fromUs, toUs }: OutcomesAsked & { readonly fromUs: number; readonly toUs: number },
): Promise<GradedPrediction[]> {
  const stretch = [formatUs(fromUs), formatUs(toUs)];
  const rows = await reader.query<Joined>(
    `SELECT p.ts AS ts, p.slot AS slot, p.model_id AS model_id, p.verdict AS verdict,
       p.probability_up AS probability_up, l.up AS up
     FROM (SELECT ts, slot, model_id, verdict, probability_up FROM predictions
           WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND ts >= $4 AND ts < $5
           ${modelId === undefined ? '' : 'AND model_id = $6'}) p
     JOIN (SELECT ts, up FROM labels_latest
           WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND ts >= $4 AND ts < $5
             AND state = 'matured') l ON p.ts = l.ts`,
    [venue, symbol, label_spec, ...stretch, ...(modelId === undefined ? [] : [modelId])],
  );
  const regimes =
    by === 'regime' ? await regimesOf(reader, { venue, symbol }, { fromUs, toUs }) : null;
  return onceEach(rows).map(({ slot: _slot, ...row }) => ({
    ...{ ...row, venue, symbol, label_spec },
    regime: regimes?.get(row.ts) ?? null,
  }));
}

/** Where a model went from one slot to another it may have spoken in both: it is one decision. */
function onceEach(rows: readonly Joined[]): Joined[] {
  const once = new Map<string, Joined>();
  for (const row of rows) {
    const key = `${row.ts}|${row.model_id}`;
    if (!once.has(key) || row.slot === 'champion') once.set(key, row);
  }
  return [...once.values()];
}
