/** `verdict_values`: the evidence for and against models, session by session. */
import type { Pool, PoolClient } from 'pg';
import { formatUs } from '../../domain/time.ts';
import type { SessionRange, SessionValues } from '../../learning/evidence/sessions.ts';
import {
  championAfter,
  NEW_CHAMPION,
  NEW_SHADOW,
  shadowAfter,
  shadowAgainst,
  type ChampionStanding,
  type Reference,
  type ShadowStanding,
} from '../../learning/evidence/standing.ts';

export interface StoredSession extends SessionValues {
  readonly reference: Reference;
  readonly side: SessionRange['side'];
}

interface Row {
  readonly reference: Reference;
  readonly side: SessionRange['side'];
  readonly session_ts: number;
  readonly lateness_us: number;
  readonly bets: number;
  readonly gain: number;
  readonly rival: string | null;
  readonly logs: readonly number[];
}

/** The sessions of a model in a slot, which a record put there, oldest first. */
export async function storedSessions(
  client: Pool | PoolClient,
  controlId: string,
): Promise<StoredSession[]> {
  const { rows } = await client.query<Row>(
    `SELECT reference, side, session_ts, lateness_us, bets, gain, rival, logs
     FROM verdict_values
     WHERE control_id = $1 ORDER BY session_ts, reference, side`,
    [controlId],
  );
  return rows.map(({ session_ts: sessionTs, lateness_us: latenessUs, ...row }) => ({
    ...row,
    sessionTs,
    latenessUs,
  }));
}

/** Keeps sessions; one that is kept already stays as it is. */
export async function keepSessions(
  pool: Pool,
  of: { readonly controlId: string; readonly modelId: string },
  sessions: readonly StoredSession[],
): Promise<void> {
  for (const session of sessions) {
    const { reference, side, sessionTs, latenessUs, bets, gain, rival, logs } = session;
    await pool.query(
      `INSERT INTO verdict_values
         (control_id, model_id, reference, side, session_ts, lateness_us, bets, gain, rival, logs)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
      [
        of.controlId,
        of.modelId,
        reference,
        side,
        formatUs(sessionTs),
        latenessUs,
        bets,
        gain,
        rival,
        logs,
      ],
    );
  }
}

/** Where a shadow stands behind its sessions, now that `rival` decides (null: the baseline). */
export function shadowStanding(
  sessions: readonly StoredSession[],
  rival: string | null,
): ShadowStanding {
  const against = (reference: Reference): ReadonlyMap<number, StoredSession> =>
    new Map(
      sessions
        .filter((each) => each.side === 'candidate' && each.reference === reference)
        .map((each) => [each.sessionTs, each]),
    );
  const base = against('base_rate');
  let standing = NEW_SHADOW;
  for (const [sessionTs, champion] of against('champion')) {
    const base_rate = base.get(sessionTs);
    if (base_rate !== undefined) standing = shadowAfter(standing, { champion, base_rate });
  }
  return shadowAgainst(standing, rival);
}

/** Where a champion stands behind its sessions. */
export const championStanding = (sessions: readonly StoredSession[]): ChampionStanding =>
  sessions.filter(({ side }) => side === 'reference').reduce(championAfter, NEW_CHAMPION);
