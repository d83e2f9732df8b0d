/** QuestDB -> an instrument's in-time ticks as operators take them, in their order. */
import { compareTicks, marketTickOf, type MarketTick } from '../domain/tick.ts';
import { formatUs } from '../domain/time.ts';
import type { QuoteRow } from '../tables/questdb/quotes.ts';
import type { Instrument, SqlReader, Stretch } from '../tables/questdb/table.ts';
import type { TickRow } from '../tables/questdb/ticks.ts';

/** Late ticks are left out: the stream never computed with them. */
export async function storedMarketTicks(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  { fromUs, toUs, asOfUs }: Stretch & { readonly asOfUs: number },
): Promise<MarketTick[]> {
  const where = 'WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4 AND known_at <= $5';
  const params = [venue, symbol, formatUs(fromUs), formatUs(toUs), formatUs(asOfUs)];
  const [trades, quotes, late] = await Promise.all([
    reader.query<TickRow>(`SELECT * FROM ticks ${where}`, params),
    reader.query<QuoteRow>(`SELECT * FROM quotes ${where}`, params),
    reader.query<{ ts: number; detail: string }>(
      `SELECT ts, detail FROM quality_events ${where} AND kind = 'late'`,
      params,
    ),
  ]);
  const lateKeys = new Set(
    late.map(({ ts, detail }) => {
      const { tick, id } = JSON.parse(detail) as { tick: string; id: string };
      return `${tick}|${ts}|${id}`;
    }),
  );
  const ticks: MarketTick[] = [];
  for (const { ts, id, price, size, side } of trades) {
    const known = side === 'buy' || side === 'sell' ? { side } : {};
    ticks.push(marketTickOf({ kind: 'trade', venue, symbol, id, ts, price, size, ...known }));
  }
  for (const { ts, id, bid, ask } of quotes) {
    ticks.push(marketTickOf({ kind: 'quote', venue, symbol, id, ts, bid, ask }));
  }
  const inTime =
    lateKeys.size === 0
      ? ticks
      : ticks.filter(({ kind, ts, id }) => !lateKeys.has(`${kind}|${ts}|${id}`));
  return inTime.sort(compareTicks);
}
