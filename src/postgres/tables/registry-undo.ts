/**
 * An entry of the audit log -> the request that takes that change of a model back.
 *
 * Only the newest change of a market can be taken back: behind a later one "as it was" would be
 * something that never was. What takes a change back is a change itself, and can be taken back too.
 */
import type { Pool, PoolClient } from 'pg';
import {
  ChangeRefused,
  type Market,
  type ModelChange,
  type ModelPlace,
  type ModelRequest,
} from '../../learning/model-change.ts';

export interface Undo {
  readonly request: ModelRequest;
  readonly market: Market;
  /** The entry that is taken back. */
  readonly auditId: number;
  readonly action: string;
  readonly reason: string | null;
}

interface Entry {
  readonly audit_id: number;
  readonly action: string;
  readonly reason: string | null;
  readonly detail: {
    readonly venue: string;
    readonly symbol: string;
    readonly label_spec: string;
    readonly kept?: readonly ModelPlace[];
  };
}

/** There is no entry of that number about a model. */
export class ChangeMissing extends Error {}

/** Throws `ChangeMissing`, or `ChangeRefused` where it is not the newest of its market. */
export async function readUndo(pool: Pool, auditId: number): Promise<Undo> {
  const { rows } = await pool.query<Entry>(
    `SELECT e.audit_id, e.action, e.reason, e.detail FROM audit_log e
     JOIN audit_log undone ON undone.audit_id = $1 AND undone.action LIKE 'model.%'
       AND e.detail->>'venue' = undone.detail->>'venue'
       AND e.detail->>'symbol' = undone.detail->>'symbol'
       AND e.detail->>'label_spec' = undone.detail->>'label_spec'
     WHERE e.audit_id >= $1 AND e.action LIKE 'model.%' ORDER BY e.audit_id`,
    [auditId],
  );
  const [entry, ...later] = rows;
  if (entry === undefined) throw new ChangeMissing(`there is no change of a model ${auditId}`);
  const { venue, symbol, label_spec: labelSpec, kept } = entry.detail;
  const last = later.findLast(({ action }) => action !== 'model.register');
  if (last !== undefined) {
    throw new ChangeRefused(
      `${venue}:${symbol} was changed again since (${last.action.slice('model.'.length)}, ` +
        `change ${last.audit_id}): take that back first`,
    );
  }
  if (kept === undefined || kept.length === 0) {
    const why = entry.action === 'model.register' ? 'registers a model' : 'is from before that';
    throw new ChangeRefused(`change ${auditId} ${why}: it cannot be taken back, only retired`);
  }
  return {
    request: { action: 'undo', was: kept },
    market: { venue, symbol, labelSpec },
    auditId,
    action: entry.action.slice('model.'.length),
    reason: entry.reason,
  };
}

/** What the models that a change moves are until then. */
export async function readPlaces(
  client: PoolClient,
  { states }: ModelChange,
): Promise<ModelPlace[]> {
  const { rows } = await client.query<ModelPlace>(
    `SELECT m.model_id AS "modelId", m.state, m.replaced, m.changed_by AS "changedBy",
       to_char(m.changed_ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "changedTs"
     FROM unnest($1::text[]) WITH ORDINALITY AS moved (model_id, place)
     JOIN models m USING (model_id) ORDER BY place`,
    [states.map(({ modelId }) => modelId)],
  );
  return rows;
}
