/**
 * `control_outbox`: control records on their way into the log. Promise: what is due was written by
 * `appendControl`, with the installation's key; a row from elsewhere is set aside.
 */
import type { Pool, PoolClient } from 'pg';
import { requireSealKeys } from '../postgres.ts';
import { must } from '../../assert.ts';
import { checkBot, type BotControl } from '../../domain/control.ts';
import type { Control } from '../../domain/wire.ts';
import { isSealed, sealControl } from '../../stream/control-key.ts';
import { raiseAlert } from './alerts.ts';

export interface NewControl {
  /** Derived from the cause: the same cause is sent once. */
  readonly controlId: string;
  readonly type: Control['type'];
  readonly subject: string;
  readonly body: object;
  readonly cause: string;
}

/**
 * Queues a record with the next version of its type and subject; false when it was there. Throws
 * where a bot's settings contradict themselves.
 */
export async function appendControl(
  client: Pool | PoolClient,
  { controlId, type, subject, body, cause }: NewControl,
): Promise<boolean> {
  if (type === 'bot') checkBot(body as BotControl);
  const seal = sealControl(must(requireSealKeys(client)[0]), { controlId, type, subject, body });
  const { rowCount } = await client.query(
    `INSERT INTO control_outbox (control_id, type, subject, version, body, cause, seal)
     SELECT $1, $2, $3, coalesce(max(version), 0) + 1, $4, $5, $6 FROM (
       SELECT version FROM control_outbox WHERE type = $2 AND subject = $3
       UNION ALL SELECT version FROM control_versions WHERE type = $2 AND subject = $3
     ) given
     ON CONFLICT (control_id) DO NOTHING`,
    [controlId, type, subject, body, cause, seal],
  );
  return rowCount === 1;
}

interface OutboxRow {
  readonly seq: number;
  readonly control_id: string;
  readonly type: Control['type'];
  readonly subject: string;
  readonly version: number;
  readonly body: Record<string, unknown>;
  readonly seal: string | null;
}

/** What waits and is ours, oldest first. A row that is not goes no further, and is an alert. */
export async function dueControls(pool: Pool) {
  const { rows } = await pool.query<OutboxRow>(
    `SELECT seq, control_id, type, subject, version, body, seal FROM control_outbox
     WHERE state = 'due' ORDER BY seq LIMIT 100`,
  );
  const keys = requireSealKeys(pool);
  const found = rows.map(({ control_id, seal, ...row }) => ({
    control: { ...row, controlId: control_id },
    isOurs: keys.some((key) => isSealed(key, { ...row, controlId: control_id }, seal)),
  }));
  for (const { control, isOurs } of found) if (!isOurs) await setAside(pool, control);
  return found.filter(({ isOurs }) => isOurs).map(({ control }) => control);
}

/** How many records are on their way into the log. */
export async function waitingControls(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `SELECT count(*) AS n FROM control_outbox WHERE state = 'due'`,
  );
  return rows[0]?.n ?? 0;
}

async function setAside(pool: Pool, { seq, controlId }: { seq: number; controlId: string }) {
  await raiseAlert(pool, {
    key: `outbox:${controlId}`,
    severity: 'critical',
    subject: 'outbox',
    message:
      `control record ${controlId} was not written by tickloom and is not sent: somebody has ` +
      'inserted it into control_outbox. Find out who, then acknowledge this',
  });
  await pool.query(`UPDATE control_outbox SET state = 'refused' WHERE seq = $1`, [seq]);
}

/** Seals what waits: for the migration that added seals, and never again. */
export async function sealWaiting(client: PoolClient, key: () => string): Promise<void> {
  const { rows } = await client.query<OutboxRow>(
    `SELECT seq, control_id, type, subject, body FROM control_outbox WHERE state = 'due'`,
  );
  for (const { seq, control_id, ...row } of rows) {
    const seal = sealControl(key(), { ...row, controlId: control_id });
    await client.query('UPDATE control_outbox SET seal = $2 WHERE seq = $1', [seq, seal]);
  }
}

/** Where a control record came by in `ticks`. */
export interface ControlPlace {
  readonly controlId: string;
  readonly partition: number;
  readonly offset: number;
}

/** Notes where records came by; the first place of each stays. */
export async function notePlaces(pool: Pool, places: readonly ControlPlace[]): Promise<void> {
  await pool.query(
    `INSERT INTO control_places (control_id, partition, log_offset)
     SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[]) ON CONFLICT DO NOTHING`,
    [
      places.map(({ controlId }) => controlId),
      places.map(({ partition }) => partition),
      places.map(({ offset }) => offset),
    ],
  );
}

/** Counts records as sent that somebody else has put into every partition of the log. */
export async function markObserved(pool: Pool, partitions: number): Promise<void> {
  await pool.query(
    `UPDATE control_outbox o SET state = 'sent', sent_at = now()
     WHERE state = 'due' AND $1 <=
       (SELECT count(*) FROM control_places p WHERE p.control_id = o.control_id)`,
    [partitions],
  );
}

export async function markSent(pool: Pool, seqs: readonly number[]): Promise<void> {
  await pool.query(
    `UPDATE control_outbox SET state = 'sent', sent_at = now() WHERE seq = ANY($1::bigint[])`,
    [seqs],
  );
}

/** Whether the record has been appended to the log. */
export async function isSent(pool: Pool, controlId: string): Promise<boolean> {
  const { rows } = await pool.query<{ state: string }>(
    'SELECT state FROM control_outbox WHERE control_id = $1',
    [controlId],
  );
  return rows[0]?.state === 'sent';
}

/** The highest as-of barrier that was ever requested, up to `byUs`; 0: none. */
export async function lastBarrier(client: Pool | PoolClient, byUs: number): Promise<number> {
  const { rows } = await client.query<{ value: string | null }>(
    `SELECT max((body->>'value')::bigint)::text AS value FROM (
       SELECT body FROM control_outbox WHERE type = 'cut'
       UNION ALL SELECT body FROM control_versions WHERE type = 'cut'
     ) barriers WHERE (body->>'value')::bigint <= $1`,
    [byUs],
  );
  return Number(rows[0]?.value ?? 0);
}
