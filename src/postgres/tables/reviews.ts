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

/** From when a slot has held its model, and what that would predict knowing nothing. */
export async function readSlot(
  pool: Pool,
  { venue, symbol, labelSpec }: Market,
  slot: string,
  modelId: string | null,
): Promise<{ readonly fromTs: number; readonly baseProbability: number }> {
  if (modelId === null) return { fromTs: 0, baseProbability: 0.5 };
  const { rows } = await pool.query<{ from_ts: number | null; odds: string | null }>(
    `SELECT max(a.from_ts) AS from_ts, max(m.manifest->'serving'->>'base_log_odds') AS odds
     FROM models m LEFT JOIN model_activations a
       ON a.model_id = m.model_id AND a.venue = $1 AND a.symbol = $2 AND a.label_spec = $3
         AND a.slot = $4
     WHERE m.model_id = $5`,
    [venue, symbol, labelSpec, slot, modelId],
  );
  // Without a time the log has not shown it yet: no prediction is its own.
  const fromTs = rows[0]?.from_ts ?? Infinity;
  return { fromTs, baseProbability: 1 / (1 + Math.exp(-Number(rows[0]?.odds ?? 0))) };
}

/** Event time of the market's last rollback; null: never. */
export async function lastRollback(
  pool: Pool,
  { venue, symbol, labelSpec }: Market,
): Promise<number | null> {
  const { rows } = await pool.query<{ ts: number | null }>(
    `SELECT max(changed_ts) AS ts FROM models
     WHERE venue = $1 AND symbol = $2 AND label_spec = $3
       AND state = 'retired' AND changed_by = 'rollback'`,
    [venue, symbol, labelSpec],
  );
  return rows[0]?.ts ?? null;
}

/** The newest judgement of each kind, with its statistics, stands in the model's metrics. */
export async function keepJudgement(
  pool: Pool,
  modelId: string,
  about: string,
  judgement: { readonly at_ts: number; readonly verdict: GateVerdict },
): Promise<void> {
  await pool.query(
    `UPDATE models SET metrics = metrics || jsonb_build_object($2::text, $3::jsonb)
     WHERE model_id = $1`,
    [modelId, `live_${about}`, judgement],
  );
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
