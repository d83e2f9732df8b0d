/**
 * How far the served features of an instrument were found equal to recomputed ones, and the state
 * from which the next replay goes on. Kept in `operator_state` under the stage `replay`.
 */
import type { Pool } from 'pg';
import { decodeState, encodeState } from '../../stream/state-codec.ts';

const OF = `stage = 'replay' AND topic = $1 AND partition = 0 AND instrument = $2`;

/** Null where nothing was saved, or by another feature set. */
export async function readReplayState<State>(
  pool: Pool,
  featureSet: string,
  instrument: string,
): Promise<State | null> {
  const { rows } = await pool.query<{ state: Buffer }>(
    `SELECT state FROM operator_state WHERE ${OF}`,
    [featureSet, instrument],
  );
  return rows[0] === undefined ? null : decodeState<State>(rows[0].state);
}

export async function saveReplayState(
  pool: Pool,
  featureSet: string,
  instrument: string,
  state: unknown,
): Promise<void> {
  await pool.query(
    `INSERT INTO operator_state (stage, topic, partition, instrument, state)
     VALUES ('replay', $1, 0, $2, $3)
     ON CONFLICT (stage, topic, partition, instrument) DO UPDATE SET state = excluded.state`,
    [featureSet, instrument, encodeState(state)],
  );
}
