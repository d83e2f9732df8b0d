/**
 * Accounts -> what they are worth: cash, and what their open positions would bring at the last
 * price. Cash alone says little: what was sold short is in it, and what was bought has left it.
 */
import type { Pool } from 'pg';
import { Exact } from '../domain/exact.ts';
import { instrumentKey } from '../domain/wire.ts';
import type { Instrument, SqlReader } from '../questdb/table.ts';

interface OpenSize extends Instrument {
  readonly account: string;
  /** Positive of what was bought, negative of what was sold. */
  readonly size: string;
  /** Units of the account's currency for one of the price's, as at the entry. */
  readonly fx_rate: string;
}

interface LastPrice extends Instrument {
  readonly ts: number;
  readonly close: number;
}

export interface Equity {
  /** In the account's currency; null where an open position has no price. */
  readonly equity: string | null;
  /** Of the oldest price that is in it; null without open positions. */
  readonly priced_ts: number | null;
}

/** The equity of each account by its name; `balance` is its cash. */
export async function readEquity(
  pool: Pool,
  reader: SqlReader,
  accounts: readonly { readonly account: string; readonly balance: string }[],
): Promise<Map<string, Equity>> {
  const open = await openSizes(
    pool,
    accounts.map(({ account }) => account),
  );
  const prices = await lastPrices(reader, open);
  return new Map(
    accounts.map(({ account, balance }) => {
      const own = open.filter((each) => each.account === account);
      return [account, worth(balance, own, prices)];
    }),
  );
}

/** Cash and open sizes at their last prices. */
export function worth(
  cash: string,
  open: readonly OpenSize[],
  prices: ReadonlyMap<string, LastPrice>,
): Equity {
  let sum = new Exact(cash);
  let oldest: number | null = null;
  for (const { size, fx_rate, ...instrument } of open) {
    const price = prices.get(instrumentKey(instrument));
    if (price === undefined) return { equity: null, priced_ts: null };
    sum = sum.plus(new Exact(size).times(price.close).times(fx_rate));
    oldest = Math.min(oldest ?? price.ts, price.ts);
  }
  return { equity: sum.toFixed(), priced_ts: oldest };
}

async function openSizes(pool: Pool, accounts: readonly string[]): Promise<OpenSize[]> {
  const { rows } = await pool.query<OpenSize>(
    `SELECT t.account, t.venue, t.symbol, f.fx_rate,
       sum(CASE t.side WHEN 'buy' THEN 1 ELSE -1 END * (t.size - t.closed_size)) AS size
     FROM trades t JOIN LATERAL (
       SELECT fx_rate FROM fills WHERE trade_id = t.trade_id AND intent = 'entry'
       ORDER BY ts LIMIT 1
     ) f ON true
     WHERE t.state = 'open' AND t.account = ANY($1::text[])
     GROUP BY t.account, t.venue, t.symbol, f.fx_rate ORDER BY 1, 2, 3, 4`,
    [accounts],
  );
  return rows;
}

/** The close of the newest minute of each instrument. */
async function lastPrices(
  reader: SqlReader,
  instruments: readonly Instrument[],
): Promise<Map<string, LastPrice>> {
  if (instruments.length === 0) return new Map();
  const venues = [...new Set(instruments.map(({ venue }) => venue))];
  const symbols = [...new Set(instruments.map(({ symbol }) => symbol))];
  const places = (of: readonly string[], behind: number): string =>
    of.map((_, i) => `$${behind + i + 1}`).join(', ');
  const rows = await reader.query<LastPrice>(
    `SELECT venue, symbol, ts, close FROM candles
     WHERE timeframe = '1m' AND revision = 0 AND venue IN (${places(venues, 0)})
       AND symbol IN (${places(symbols, venues.length)})
     LATEST ON ts PARTITION BY venue, symbol`,
    [...venues, ...symbols],
  );
  return new Map(rows.map((row) => [instrumentKey(row), row]));
}
