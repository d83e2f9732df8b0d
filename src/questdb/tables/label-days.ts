/** Matured labels in their newest revision -> their counts and returns, by market and UTC day. */
import { formatUs, US_PER_DAY } from '../../domain/time.ts';
import { instrumentKey } from '../../domain/wire.ts';
import type { Instrument, SqlReader } from '../table.ts';

export interface LabelDaysRequest {
  readonly labelSpec: string;
  /** Whatever is left out is not limited. */
  readonly venue?: string | undefined;
  readonly symbol?: string | undefined;
  /** Half-open, of the decisions. */
  readonly fromUs?: number | undefined;
  readonly toUs?: number | undefined;
  /** Whole days back from the newest one of each market. */
  readonly newestDays?: number | undefined;
}

export interface LabelDay extends Instrument {
  /** Its start. */
  readonly day: number;
  readonly samples: number;
  readonly ups: number;
  /** The sum of forward returns. */
  readonly returns: number;
}

/** Oldest first, market by market. */
export async function labelDays(
  reader: SqlReader,
  { labelSpec, venue, symbol, fromUs, toUs, newestDays }: LabelDaysRequest,
): Promise<LabelDay[]> {
  const at = (us: number | undefined): string | undefined =>
    us === undefined ? undefined : formatUs(us);
  const wanted = { 'venue =': venue, 'symbol =': symbol, 'ts >=': at(fromUs), 'ts <': at(toUs) };
  const given = Object.entries(wanted).filter(
    (each): each is [string, string] => each[1] !== undefined,
  );
  const rows = await reader.query<LabelDay>(
    `SELECT venue, symbol, timestamp_floor('d', ts) AS day, count() AS samples, sum(up) AS ups,
       sum(forward_return) AS returns
     FROM labels_latest
     WHERE state = 'matured' AND label_spec = $1
       ${given.map(([condition], i) => `AND ${condition} $${i + 2}`).join(' ')}
     GROUP BY venue, symbol, day ORDER BY venue, symbol, day`,
    [labelSpec, ...given.map(([, value]) => value)],
  );
  if (newestDays === undefined) return rows;
  const newest = new Map(rows.map((row) => [instrumentKey(row), row.day]));
  return rows.filter(
    (row) => row.day > (newest.get(instrumentKey(row)) ?? 0) - newestDays * US_PER_DAY,
  );
}
