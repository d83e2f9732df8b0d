/**
 * `retrain_triggers`: every reason for which a market's models were trained again. A firing and the
 * training that it makes due are written together, and once.
 */
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../postgres.ts';
import { formatUs } from '../../domain/time.ts';
import { instrumentKey } from '../../domain/wire.ts';
import type { GateVerdict } from '../../learning/gate.ts';
import type { Market } from '../../learning/model-change.ts';
import type { Gain, RetrainTrigger, TriggerKind } from '../../learning/retrain.ts';
import type { Instrument } from '../../questdb/table.ts';
import { insert } from './insert.ts';

export interface Fired {
  readonly kind: TriggerKind;
  readonly firedTs: number;
}

/**
 * Keeps what `decide` says of the market's firings so far, and makes the training due at `atTs` if
 * that is anything. The same again changes nothing. Returns what it noted.
 */
export function fireTriggers(
  pool: Pool,
  market: Market,
  atTs: number,
  decide: (fired: readonly Fired[]) => readonly RetrainTrigger[],
): Promise<readonly RetrainTrigger[]> {
  const { venue, symbol, labelSpec: label_spec } = market;
  const due = formatUs(atTs);
  return inTransaction(pool, async (client) => {
    // Two that look at one market at a time would both find that nothing has fired.
    const key = `retrain|${venue}|${symbol}|${label_spec}`;
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
    const triggers = decide(await readFired(client, market));
    for (const { kind, modelId, reason, detail } of triggers) {
      await insert(client, 'retrain_triggers', {
        venue,
        symbol,
        label_spec,
        kind,
        fired_ts: due,
        model_id: modelId,
        detail: { reason, ...detail },
      });
    }
    if (triggers.length > 0) {
      await insert(client, 'job_runs', {
        job: 'training',
        subject: instrumentKey(market),
        due_ts: due,
      });
    }
    return triggers;
  });
}

async function readFired(
  client: PoolClient,
  { venue, symbol, labelSpec }: Market,
): Promise<readonly Fired[]> {
  const { rows } = await client.query<{ kind: TriggerKind; fired_ts: number }>(
    `SELECT kind, fired_ts FROM retrain_triggers
     WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND kind <> 'calendar'`,
    [venue, symbol, labelSpec],
  );
  return rows.map(({ kind, fired_ts: firedTs }) => ({ kind, firedTs }));
}

/** Not kept yet, and no later training was due: what a stopped process missed stays missed. */
export async function isCalendarDue(pool: Pool, market: Market, atTs: number): Promise<boolean> {
  const { venue, symbol, labelSpec } = market;
  const { rows } = await pool.query<{ due: boolean }>(
    `SELECT NOT EXISTS (
         SELECT FROM retrain_triggers WHERE venue = $1 AND symbol = $2 AND label_spec = $3
           AND kind = 'calendar' AND fired_ts = $5
       ) AND NOT EXISTS (
         SELECT FROM job_runs WHERE job = 'training' AND subject = $4 AND due_ts > $5
       ) AS due`,
    [venue, symbol, labelSpec, instrumentKey(market), formatUs(atTs)],
  );
  return rows[0]?.due === true;
}

/** The gain over the base rate by which a model was judged; null: it was not, or not so. */
export async function judgedGain(pool: Pool, modelId: string): Promise<Gain | null> {
  const { rows } = await pool.query<{ verdict: GateVerdict | null }>(
    'SELECT verdict FROM models WHERE model_id = $1',
    [modelId],
  );
  const comparisons = rows[0]?.verdict?.comparisons ?? [];
  const found = comparisons.find(({ reference }) => reference === 'base_rate');
  if (found === undefined) return null;
  return { gain: found.gain, standard_error: found.standard_error, rows: found.rows };
}

/** The newest training before an event time that counted its rows; null: there was none. */
export async function trainingBefore(
  pool: Pool,
  instrument: Instrument,
  atTs: number,
): Promise<{ readonly trainedTs: number; readonly trainedRows: number } | null> {
  const { rows } = await pool.query<{ due_ts: number; rows: string }>(
    `SELECT due_ts, detail->>'rows' AS rows FROM job_runs
     WHERE job = 'training' AND subject = $1 AND due_ts < $2
       AND state IN ('done', 'refused') AND detail ? 'rows'
     ORDER BY due_ts DESC LIMIT 1`,
    [instrumentKey(instrument), formatUs(atTs)],
  );
  const [row] = rows;
  return row === undefined ? null : { trainedTs: row.due_ts, trainedRows: Number(row.rows) };
}

export interface TriggerRow extends Instrument {
  readonly label_spec: string;
  readonly kind: TriggerKind;
  readonly fired_ts: number;
  readonly model_id: string | null;
  readonly detail: { readonly reason: string };
}

/** The newest 1000 firings. */
export async function triggerRows(pool: Pool): Promise<TriggerRow[]> {
  const { rows } = await pool.query<TriggerRow>(
    `SELECT venue, symbol, label_spec, kind, fired_ts, model_id, detail FROM retrain_triggers
     ORDER BY fired_ts DESC, venue, symbol, label_spec, kind LIMIT 1000`,
  );
  return rows;
}
