/** `signal_outcomes`: what the grader says of a signal, and which signals wait for it. */
import type { Pool } from 'pg';
import { inTransaction } from '../postgres.ts';
import type { Row, Side } from '../../domain/records/fields.ts';
import type { SignalOutcome } from '../../domain/records/label.ts';
import { formatUs } from '../../domain/time.ts';
import { venueLateness } from '../../domain/venues.ts';
import { instrumentKey } from '../../domain/wire.ts';
import type { Instrument } from '../../questdb/table.ts';
import { insert } from './insert.ts';

export interface UngradedSignals extends Instrument {
  /** Of the oldest of them. */
  readonly fromTs: number;
  /** Signals decided at or before this have matured. */
  readonly decidedByUs: number;
}

/** Instruments with signals whose horizon the stored stream has passed and that have no grade. */
export async function ungradedSignals(
  pool: Pool,
  { horizonUs, latenessUs }: { readonly horizonUs: number; readonly latenessUs: number },
): Promise<UngradedSignals[]> {
  const { rows } = await pool.query<Instrument & { from_ts: number; reached_ts: number }>(
    `SELECT s.venue, s.symbol, s.from_ts, w.reached_ts
     FROM (SELECT venue, symbol, min(decided_ts) AS from_ts FROM signals
           WHERE NOT graded GROUP BY venue, symbol) s
     JOIN stored_watermarks w ON w.instrument = s.venue || ':' || s.symbol
     ORDER BY 1, 2`,
  );
  return rows.flatMap(({ venue, symbol, from_ts: fromTs, reached_ts }) => {
    const decidedByUs = reached_ts - venueLateness(venue, latenessUs) - horizonUs;
    return fromTs <= decidedByUs ? [{ venue, symbol, fromTs, decidedByUs }] : [];
  });
}

export interface UngradedSignal {
  readonly signal_id: string;
  /** The end of the candle that it stands on. */
  readonly ts: number;
  readonly decided_ts: number;
  readonly direction: Side;
  /** Decimal texts. */
  readonly stop_loss: string;
  readonly take_profit: string;
}

/** The oldest of them that were decided at or before `decidedByUs`, oldest first. */
export async function oldestUngraded(
  pool: Pool,
  { venue, symbol }: Instrument,
  { decidedByUs, limit }: { readonly decidedByUs: number; readonly limit: number },
): Promise<UngradedSignal[]> {
  const { rows } = await pool.query<UngradedSignal>(
    `SELECT signal_id, ts, decided_ts, direction, stop_loss, take_profit FROM signals
     WHERE NOT graded AND venue = $1 AND symbol = $2 AND decided_ts <= $3
     ORDER BY decided_ts, signal_id LIMIT $4`,
    [venue, symbol, formatUs(decidedByUs), limit],
  );
  return rows;
}

export type SignalOutcomeRow = Row<typeof SignalOutcome>;

/** All of them or none. Doing it again changes nothing: the first grade of a signal stays. */
export async function noteOutcomes(pool: Pool, rows: readonly SignalOutcomeRow[]): Promise<void> {
  await inTransaction(pool, async (client) => {
    for (const row of rows) {
      const { entry_ts: entryTs, exit_ts: exitTs, label_known_at: knownAt } = row;
      const times = {
        entry_ts: entryTs === null ? null : formatUs(entryTs),
        exit_ts: exitTs === null ? null : formatUs(exitTs),
        label_known_at: formatUs(knownAt),
      };
      await insert(client, 'signal_outcomes', { ...row, ...times });
    }
    const ids = rows.map(({ signal_id }) => signal_id);
    await client.query('UPDATE signals SET graded = true WHERE signal_id = ANY($1)', [ids]);
  });
}

/** For a person. */
export const waiting = ({ fromTs, ...instrument }: UngradedSignals): string =>
  `signals of ${instrumentKey(instrument)} from ${formatUs(fromTs)} on wait to be graded`;
