/** `alerts`: what a person has to look at, each trouble once, however often it is seen. */
import type { Pool } from 'pg';

export interface NewAlert {
  /** `kind:` and what the trouble is derived from: the same one is raised once while it lasts. */
  readonly key: string;
  readonly severity: 'info' | 'warning' | 'error' | 'critical';
  readonly subject: string;
  readonly message: string;
  readonly context?: object;
}

export interface Alert {
  readonly alert_id: number;
  /** Of its key, what stands before the first colon. */
  readonly kind: string;
  readonly severity: string;
  readonly subject: string;
  readonly message: string;
  readonly state: 'open' | 'acknowledged' | 'resolved';
  readonly created_at: number;
}

/**
 * Makes the alerts of one kind what they are to be: `alerts` are raised, each anew only after it
 * was resolved, and those whose key begins with `kind:` and that are not among them are over.
 * Returns what is new.
 */
export async function settleAlerts(
  pool: Pool,
  kind: string,
  alerts: readonly NewAlert[],
): Promise<NewAlert[]> {
  const raised: NewAlert[] = [];
  for (const alert of alerts) if (await raiseAlert(pool, alert)) raised.push(alert);
  await pool.query(
    `UPDATE alerts SET state = 'resolved'
     WHERE state <> 'resolved' AND starts_with(alert_key, $1) AND alert_key <> ALL($2)`,
    [`${kind}:`, alerts.map(({ key }) => key)],
  );
  return raised;
}

/** Raises one that only a person ends; false when it is open already. */
export async function raiseAlert(pool: Pool, alert: NewAlert): Promise<boolean> {
  const { rowCount } = await pool.query(
    `INSERT INTO alerts (alert_key, severity, subject, message, context)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (alert_key) DO UPDATE SET state = 'open', created_at = now(),
       message = excluded.message, context = excluded.context, acknowledged_at = NULL
     WHERE alerts.state = 'resolved'`,
    [alert.key, alert.severity, alert.subject, alert.message, alert.context ?? {}],
  );
  return rowCount === 1;
}

/** What is not resolved, newest first; with `all` the rest too. */
export async function readAlerts(pool: Pool, { all = false } = {}): Promise<Alert[]> {
  const { rows } = await pool.query<Alert>(
    `SELECT alert_id, split_part(alert_key, ':', 1) AS kind, severity, subject, message, state, created_at FROM alerts
     WHERE $1 OR state <> 'resolved' ORDER BY created_at DESC, alert_id DESC LIMIT 1000`,
    [all],
  );
  return rows;
}

/** False when there is no open alert of this number. */
export async function acknowledgeAlert(pool: Pool, alertId: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE alerts SET state = 'acknowledged', acknowledged_at = now()
     WHERE alert_id = $1 AND state = 'open'`,
    [alertId],
  );
  return rowCount === 1;
}

/**
 * When alerts of a kind were last acknowledged, in microseconds by their key. Those that are
 * acknowledged now are over with this, so that the same trouble can be raised anew.
 */
export async function acknowledgedSince(pool: Pool, kind: string): Promise<Map<string, number>> {
  await pool.query(
    `UPDATE alerts SET state = 'resolved'
     WHERE state = 'acknowledged' AND starts_with(alert_key, $1)`,
    [`${kind}:`],
  );
  const { rows } = await pool.query<{ alert_key: string; acknowledged_at: number }>(
    `SELECT alert_key, acknowledged_at FROM alerts
     WHERE starts_with(alert_key, $1) AND acknowledged_at IS NOT NULL`,
    [`${kind}:`],
  );
  return new Map(rows.map((row) => [row.alert_key, row.acknowledged_at]));
}
