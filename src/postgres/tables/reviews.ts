/** What the review of models reads of the registry, and what it keeps there. */
import type { Pool } from 'pg';
import { instrumentKey } from '../../domain/wire.ts';
import type { GateVerdict } from '../../learning/gate.ts';
import type { Market } from '../../learning/model-change.ts';
import type { Instrument } from '../../questdb/table.ts';

/** Keys of the instruments of which a model decides, is a shadow, or waits. */
export async function reviewedSubjects(pool: Pool): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<Instrument>(
    `SELECT DISTINCT venue, symbol FROM models
     WHERE state IN ('candidate', 'shadow', 'champion')`,
  );
  return new Set(rows.map(instrumentKey));
}

/** The label specs of an instrument for which a model decides, is a shadow, or waits. */
export async function reviewedMarkets(
  pool: Pool,
  { venue, symbol }: Instrument,
): Promise<Market[]> {
  const { rows } = await pool.query<{ label_spec: string }>(
    `SELECT DISTINCT label_spec FROM models
     WHERE venue = $1 AND symbol = $2 AND state IN ('candidate', 'shadow', 'champion')
     ORDER BY label_spec`,
    [venue, symbol],
  );
  return rows.map(({ label_spec: labelSpec }) => ({ venue, symbol, labelSpec }));
}

export interface HeldSlot {
  /** Of the record that put the model there; null: it is not in a slot. */
  readonly controlId: string | null;
  /** Event time since when it holds the slot; Infinity: the log has not shown it yet. */
  readonly fromTs: number;
  /** What the model would predict if it knew nothing. */
  readonly baseProbability: number;
}

/** Since when a model holds a slot, and by which record. */
export async function heldSlot(
  pool: Pool,
  { venue, symbol, labelSpec }: Market,
  slot: string,
  modelId: string,
): Promise<HeldSlot> {
  const { rows } = await pool.query<{
    control_id: string | null;
    from_ts: number | null;
    odds: string | null;
  }>(
    `SELECT a.control_id, a.from_ts, m.manifest->'serving'->>'base_log_odds' AS odds
     FROM models m LEFT JOIN model_activations a
       ON a.model_id = m.model_id AND a.venue = $1 AND a.symbol = $2 AND a.label_spec = $3
         AND a.slot = $4
     WHERE m.model_id = $5
     ORDER BY a.created_at DESC NULLS LAST, a.control_id LIMIT 1`,
    [venue, symbol, labelSpec, slot, modelId],
  );
  const [row] = rows;
  return {
    controlId: row?.control_id ?? null,
    fromTs: row?.from_ts ?? Infinity,
    baseProbability: toProbability(row?.odds),
  };
}

/** A stretch of a model in a slot. */
export interface HeldTenure extends Market {
  readonly modelId: string;
  readonly slot: string;
  readonly controlId: string;
  readonly fromTs: number;
  readonly baseProbability: number;
}

/** Every stretch in which the model was a shadow or champion, as the log has shown them. */
export async function heldTenures(pool: Pool, modelId: string): Promise<HeldTenure[]> {
  const { rows } = await pool.query<{
    venue: string;
    symbol: string;
    label_spec: string;
    slot: string;
    control_id: string;
    from_ts: number;
    odds: string | null;
  }>(
    `SELECT a.venue, a.symbol, a.label_spec, a.slot, a.control_id,
       greatest(a.from_ts, l.event_ts) AS from_ts,
       m.manifest->'serving'->>'base_log_odds' AS odds
     FROM model_activations a JOIN models m USING (model_id)
       LEFT JOIN promotion_loans l ON l.control_id = a.control_id AND l.event = 'admit'
     WHERE m.model_id = $1 AND a.from_ts IS NOT NULL ORDER BY a.from_ts, a.control_id`,
    [modelId],
  );
  return rows.map((row) => ({
    venue: row.venue,
    symbol: row.symbol,
    labelSpec: row.label_spec,
    modelId,
    slot: row.slot,
    controlId: row.control_id,
    fromTs: row.from_ts,
    baseProbability: toProbability(row.odds),
  }));
}

/** From log odds, as a manifest has them; without any: one half. */
const toProbability = (logOdds: string | null | undefined): number =>
  1 / (1 + Math.exp(-Number(logOdds ?? 0)));

/** What models gained against their class prior on the holdout, nats a row, by id. */
export async function holdoutGains(
  pool: Pool,
  modelIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ model_id: string; gain: number }>(
    `SELECT m.model_id, (c->>'gain')::double precision AS gain
     FROM models m, jsonb_array_elements(m.verdict->'comparisons') c
     WHERE m.model_id = ANY($1) AND c->>'reference' = 'base_rate'`,
    [modelIds],
  );
  return new Map(rows.map(({ model_id, gain }) => [model_id, gain]));
}

/** The newest judgement of each kind, with its statistics, stands in the model's metrics. */
export async function keepJudgement(
  pool: Pool,
  modelId: string,
  about: string,
  judgement: {
    readonly at_ts: number;
    /** In a sentence, what came of it. */
    readonly why: string;
    readonly evidence: object;
    readonly verdict?: GateVerdict;
  },
): Promise<void> {
  await pool.query(
    `UPDATE models SET metrics = metrics || jsonb_build_object($2::text, $3::jsonb)
     WHERE model_id = $1`,
    [modelId, `live_${about}`, judgement],
  );
}

/** What the model's newest review came to, in a sentence; null: none yet, undefined: no model. */
export async function newestReview(
  pool: Pool,
  modelId: string,
): Promise<string | null | undefined> {
  const { rows } = await pool.query<{ why: string | null }>(
    `SELECT (SELECT judged->>'why' FROM
         (VALUES (metrics->'live_champion'), (metrics->'live_shadow')) AS kept (judged)
       WHERE judged IS NOT NULL ORDER BY (judged->>'at_ts')::float8 DESC LIMIT 1) AS why
     FROM models WHERE model_id = $1`,
    [modelId],
  );
  return rows[0]?.why;
}

export interface ImportedCandidate {
  readonly modelId: string;
  readonly sha256: string;
  readonly artifact: Buffer;
  /** The as-of barrier of its data set. */
  readonly asOfTs: number;
}

/** Imported models of a market and have not passed the gate yet. */
export async function importedCandidates(
  pool: Pool,
  { venue, symbol, labelSpec }: Market,
): Promise<ImportedCandidate[]> {
  const { rows } = await pool.query<{
    model_id: string;
    sha256: string;
    artifact: Buffer;
    as_of: number;
  }>(
    `SELECT m.model_id, m.sha256, m.artifact, (d.manifest->>'as_of')::timestamptz AS as_of
     FROM models m JOIN datasets d ON d.dataset_id = m.dataset_id
     WHERE m.venue = $1 AND m.symbol = $2 AND m.label_spec = $3 AND m.state = 'candidate'
       AND m.origin = 'registered' AND coalesce((m.verdict->>'passed')::boolean, false) = false
     ORDER BY m.model_id`,
    [venue, symbol, labelSpec],
  );
  return rows.map(({ model_id: modelId, as_of: asOfTs, ...row }) => ({ modelId, asOfTs, ...row }));
}

export async function keepVerdict(
  pool: Pool,
  modelId: string,
  verdict: GateVerdict,
): Promise<void> {
  await pool.query('UPDATE models SET verdict = $2 WHERE model_id = $1', [modelId, verdict]);
}

/** Where a model decides now, as the registry has it. */
export async function championMarkets(pool: Pool): Promise<Market[]> {
  const { rows } = await pool.query<{ venue: string; symbol: string; label_spec: string }>(
    `SELECT venue, symbol, label_spec FROM models WHERE state = 'champion'
     ORDER BY venue, symbol, label_spec`,
  );
  return rows.map(({ label_spec: labelSpec, ...of }) => ({ ...of, labelSpec }));
}

export interface ModelChangeRow {
  readonly audit_id: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly model_id: string;
  readonly reason: string;
  readonly forced: boolean | null;
  readonly before: { readonly champion: string | null };
  readonly after: { readonly champion: string | null };
}

/** The newest 1000 changes of the registry. */
export async function modelChanges(pool: Pool): Promise<ModelChangeRow[]> {
  return (await pool.query<ModelChangeRow>('SELECT * FROM model_changes LIMIT 100000')).rows;
}
