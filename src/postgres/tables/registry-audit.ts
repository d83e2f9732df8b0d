/** `audit_log`, the entries of models: who wanted a change, why, what was before it and after it. */
import type { PoolClient } from 'pg';
import { formatUs } from '../../domain/time.ts';
import type { ModelPlace, Registry } from '../../learning/model-change.ts';

/** The number of the entry that is written next. */
export async function nextAuditId(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    `SELECT nextval(pg_get_serial_sequence('audit_log', 'audit_id')) AS id`,
  );
  return rows[0]?.id ?? 0;
}

const time = (us: number | null): string | null => (us === null ? null : formatUs(us));

interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly why: string;
  readonly forced: boolean;
  readonly records: readonly string[];
  readonly before: object;
  readonly after: object;
  /** For `registry-undo.ts`: all that the models were. */
  readonly kept?: readonly ModelPlace[];
}

/** Writes the entry of a change of a model, under a number of `nextAuditId`. */
export async function audit(
  client: PoolClient,
  auditId: number,
  { market, atTs }: Registry,
  { actor, action, subject, why, ...rest }: AuditEntry,
): Promise<void> {
  const { venue, symbol, labelSpec: label_spec } = market;
  const detail = { venue, symbol, label_spec, event_ts: time(atTs), ...rest };
  await client.query(
    `INSERT INTO audit_log (audit_id, actor, action, subject, reason, detail)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [auditId, actor, `model.${action}`, subject, why, detail],
  );
}
