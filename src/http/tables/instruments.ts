/** Instruments: their range of candles from QuestDB, what they are made of from PostgreSQL. */
import type pg from 'pg';
import type { SqlReader } from '../../questdb/table.ts';
import type { DbRow } from './postgres-list.ts';

interface Stored {
  readonly venue: string;
  readonly symbol: string;
  readonly from_ts: number | null;
  readonly to_ts: number | null;
  readonly candles: number;
}

interface Known {
  readonly venue: string;
  readonly symbol: string;
  readonly base: string | null;
  readonly quote: string | null;
  readonly pip_size: string | null;
}

export type InstrumentRow = Stored & Known & DbRow;

/** Every instrument that either database knows, the one with the newest candle first. */
export async function readInstruments(reader: SqlReader, pool: pg.Pool): Promise<InstrumentRow[]> {
  const [stored, known] = await Promise.all([
    reader.query<Stored>(
      `SELECT venue, symbol, min(ts) AS from_ts, max(ts) AS to_ts, count() AS candles
        FROM candles WHERE timeframe = '1m' AND revision = 0`,
    ),
    pool.query<Known>('SELECT venue, symbol, base, quote, pip_size FROM instruments'),
  ]);
  const rows = new Map<string, InstrumentRow>();
  const key = ({ venue, symbol }: { venue: string; symbol: string }): string =>
    `${venue}:${symbol}`;
  const nothing = { from_ts: null, to_ts: null, candles: 0 };
  const unknown = { base: null, quote: null, pip_size: null };
  for (const row of known.rows) rows.set(key(row), { ...nothing, ...row });
  for (const row of stored) rows.set(key(row), { ...unknown, ...rows.get(key(row)), ...row });
  return [...rows.values()].sort(
    (a, b) => (b.to_ts ?? 0) - (a.to_ts ?? 0) || (key(a) < key(b) ? -1 : 1),
  );
}
