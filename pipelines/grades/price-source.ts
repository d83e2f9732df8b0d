/**
 * By which prices decisions are graded: by those that their own candles were made of. That is the
 * mids of quotes until the instrument is traded, and its trades from then on.
 *
 * It is a property of the decision. What else lies in the range that a job happens to read, a
 * trade that came later or long before, must not change a label.
 */
import type { PriceSource } from '../../src/domain/records/candle.ts';
import { timeframeUs } from '../../src/domain/candle.ts';
import { formatUs } from '../../src/domain/time.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { grouped } from '../../src/grouped.ts';
import type { Cell, Instrument, SqlReader, TimeRange } from '../../src/questdb/table.ts';

/** When the first candle of each source begins, of those that decisions may stand on. */
export type FirstCandles = Readonly<Partial<Record<PriceSource, number>>>;

const CANDLE = '1m';
const CANDLE_US = timeframeUs(CANDLE);

/** Null: no candle of it is stored, so its prices have to say. */
export function sourceAt({ trade, mid }: FirstCandles, decisionTs: number): PriceSource | null {
  const startTs = decisionTs - CANDLE_US;
  if (trade !== undefined && trade <= startTs) return 'trade';
  return mid !== undefined && mid <= startTs ? 'mid' : null;
}

/** Of every market with decisions in the range, by its key; of `one` alone where it is given. */
export async function firstCandles(
  reader: SqlReader,
  { fromUs, toUs }: TimeRange,
  one: Instrument | null,
): Promise<ReadonlyMap<string, FirstCandles>> {
  await reader.waitApplied(['candles']);
  const params: Cell[] = [formatUs(Math.max(0, fromUs - CANDLE_US)), formatUs(toUs)];
  if (one !== null) params.push(one.venue, one.symbol);
  const rows = await reader.query<Instrument & { price_source: PriceSource; ts: number }>(
    `SELECT venue, symbol, price_source, min(ts) AS ts FROM candles
     WHERE timeframe = '${CANDLE}' AND revision = 0 AND ts >= $1 AND ts < $2
       ${one === null ? '' : 'AND venue = $3 AND symbol = $4'}
     GROUP BY venue, symbol, price_source`,
    params,
  );
  const found = new Map<string, FirstCandles>();
  for (const { price_source: source, ts, ...market } of rows) {
    const key = instrumentKey(market);
    found.set(key, { ...found.get(key), [source]: ts });
  }
  return found;
}

export interface OfOneSource<D> {
  readonly source: PriceSource | null;
  readonly decisions: readonly D[];
}

/** Decisions of an instrument -> those of one source together, each list in the order as given. */
export async function bySource<D extends { readonly ts: number }>(
  reader: SqlReader,
  instrument: Instrument,
  decisions: readonly D[],
): Promise<OfOneSource<D>[]> {
  if (decisions.length === 0) return [];
  const times = decisions.map(({ ts }) => ts);
  const range = { fromUs: Math.min(...times), toUs: Math.max(...times) };
  const first =
    (await firstCandles(reader, range, instrument)).get(instrumentKey(instrument)) ?? {};
  const parts = grouped(decisions, ({ ts }) => sourceAt(first, ts));
  return [...parts].map(([source, of]) => ({ source, decisions: of }));
}
