/** QuestDB -> an instrument's in-time ticks as operators take them, in their order. */
import { compareTicks, toMarketTick, type MarketTick } from '../../src/domain/tick.ts';
import { formatUs } from '../../src/domain/time.ts';
import type { QuoteRow } from '../../src/questdb/tables/quotes.ts';
import type { Instrument, SqlReader, TimeRange } from '../../src/questdb/table.ts';
import { IN_STREAM, type TickRow } from '../../src/questdb/tables/ticks.ts';

/**
 * Late ticks and history are left out, imported or not: the stream never computed with them. What
 * was imported into the stream is there: what came behind it was computed on it.
 */
export async function storedMarketTicks(
  reader: SqlReader,
  instrument: Instrument,
  range: TimeRange & { readonly asOfUs: number },
): Promise<MarketTick[]> {
  const ticks = await marketTicks(reader, instrument, range, ` AND ${IN_STREAM}`);
  const late = await lateKeys(reader, instrument, range);
  return late.size === 0 ? ticks : ticks.filter((tick) => !late.has(tickKey(tick)));
}

/** When the in-time ticks were known, by `ts`. */
export async function storedClocks(
  reader: SqlReader,
  instrument: Instrument,
  range: TimeRange & { readonly asOfUs: number },
): Promise<{ readonly ts: number; readonly knownAt: number }[]> {
  const params = rangeParams(instrument, range);
  const clocks = `${TS}, CAST(known_at AS LONG) AS "knownAt", id`;
  type Clock = { ts: number; knownAt: number; id: string };
  const [late, trades, quotes] = await Promise.all([
    lateKeys(reader, instrument, range),
    reader.query<Clock>(`SELECT ${clocks} FROM ticks ${WHERE} AND ${IN_STREAM}`, params),
    reader.query<Clock>(`SELECT ${clocks} FROM quotes ${WHERE} AND ${IN_STREAM}`, params),
  ]);
  const inTime = (rows: Clock[], kind: string) =>
    late.size === 0 ? rows : rows.filter((row) => !late.has(tickKey({ ...row, kind })));
  return [...inTime(trades, 'trade'), ...inTime(quotes, 'quote')].sort((a, b) => a.ts - b.ts);
}

const tickKey = ({ kind, ts, id }: { kind: string; ts: number; id: string }): string =>
  `${kind}|${ts}|${id}`;

async function lateKeys(
  reader: SqlReader,
  instrument: Instrument,
  range: TimeRange & { readonly asOfUs: number },
): Promise<ReadonlySet<string>> {
  const late = await reader.query<{ ts: number; detail: string }>(
    `SELECT ts, detail FROM quality_events ${WHERE} AND kind = 'late'`,
    rangeParams(instrument, range),
  );
  return new Set(
    late.map(({ ts, detail }) => {
      const { tick, id } = JSON.parse(detail) as { tick: string; id: string };
      return tickKey({ kind: tick, ts, id });
    }),
  );
}

/** When all that is stored was known, by `ts`, whenever it came. */
export async function knownClocks(
  reader: SqlReader,
  instrument: Instrument,
  range: TimeRange & { readonly asOfUs: number },
): Promise<{ readonly ts: number; readonly knownAt: number }[]> {
  const clocks = `${TS}, CAST(known_at AS LONG) AS "knownAt"`;
  const found = await Promise.all(
    ['ticks', 'quotes'].map((table) =>
      reader.query<{ ts: number; knownAt: number }>(
        `SELECT ${clocks} FROM ${table} ${WHERE}`,
        rangeParams(instrument, range),
      ),
    ),
  );
  return found.flat().sort((a, b) => a.ts - b.ts);
}

/** All that was known by `asOfUs`, whenever it came. */
export const knownMarketTicks = (
  reader: SqlReader,
  instrument: Instrument,
  range: TimeRange & { readonly asOfUs: number },
): Promise<MarketTick[]> => marketTicks(reader, instrument, range, '');

async function marketTicks(
  reader: SqlReader,
  instrument: Instrument,
  range: TimeRange & { readonly asOfUs: number },
  condition: string,
): Promise<MarketTick[]> {
  const { venue, symbol } = instrument;
  const params = rangeParams(instrument, range);
  const [trades, quotes] = await Promise.all([
    reader.query<Pick<TickRow, 'ts' | 'id' | 'price' | 'size' | 'side'>>(
      `SELECT ${TS}, id, price, size, side FROM ticks ${WHERE}${condition}`,
      params,
    ),
    reader.query<Pick<QuoteRow, 'ts' | 'id' | 'bid' | 'ask'>>(
      `SELECT ${TS}, id, bid, ask FROM quotes ${WHERE}${condition}`,
      params,
    ),
  ]);
  const ticks: MarketTick[] = [];
  for (const { ts, id, price, size, side } of trades) {
    const known = side === 'buy' || side === 'sell' ? { side } : {};
    ticks.push(toMarketTick({ kind: 'trade', venue, symbol, id, ts, price, size, ...known }));
  }
  for (const { ts, id, bid, ask } of quotes) {
    ticks.push(toMarketTick({ kind: 'quote', venue, symbol, id, ts, bid, ask }));
  }
  return ticks.sort(compareTicks);
}

/** A day has millions of them: a time as a number is read ten times faster than as a date. */
const TS = 'CAST(ts AS LONG) AS ts';

const WHERE = 'WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4 AND known_at <= $5';

const rangeParams = (
  { venue, symbol }: Instrument,
  { fromUs, toUs, asOfUs }: TimeRange & { readonly asOfUs: number },
): string[] => [venue, symbol, formatUs(fromUs), formatUs(toUs), formatUs(asOfUs)];
