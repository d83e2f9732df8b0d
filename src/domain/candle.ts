/**
 * The candle as the operators hold it, and the timeframes that exist.
 *
 * A candle covers [startTs, startTs + timeframe). An interval without a tick has no candle, so two
 * neighbours in a series may lie further apart than one timeframe.
 */
import type { PriceSource } from './records/candle.ts';
import { US_PER_HOUR, US_PER_MIN } from './time.ts';

/** Smallest first: the order in which candles that end at one instant are handed on. */
export const TIMEFRAMES = [
  { name: '1m', us: US_PER_MIN },
  { name: '5m', us: 5 * US_PER_MIN },
  { name: '15m', us: 15 * US_PER_MIN },
  { name: '1h', us: US_PER_HOUR },
] as const;

export type Timeframe = (typeof TIMEFRAMES)[number]['name'];

/** A closed candle with the sums that features need and the wire record leaves out. */
export interface ClosedCandle {
  timeframe: Timeframe;
  startTs: number;
  /** `trade`: from trades. `mid`: from quotes, `trades` counts them and `volume` is 0. */
  priceSource: PriceSource;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  trades: number;
  /** Sum of price * size over the trades. */
  priceVolume: number;
  /** Volume of the trades whose taker bought, and sold; trades without a side are in neither. */
  buyVolume: number;
  sellVolume: number;
  /** Sum of (ask - bid) / mid over the quotes of the interval, and their number. */
  spreadSum: number;
  spreadCount: number;
  flags: string[];
}

const US_OF = Object.fromEntries(TIMEFRAMES.map(({ name, us }) => [name, us])) as Readonly<
  Record<Timeframe, number>
>;

/** Length of a timeframe in microseconds. */
export const timeframeUs = (timeframe: Timeframe): number => US_OF[timeframe];

/** The first instant that a candle no longer covers. */
export const candleEndTs = (candle: Pick<ClosedCandle, 'startTs' | 'timeframe'>): number =>
  candle.startTs + timeframeUs(candle.timeframe);

/** Volume-weighted average price, or null without volume. */
export const candleVwap = (candle: Pick<ClosedCandle, 'volume' | 'priceVolume'>): number | null =>
  candle.volume > 0 ? candle.priceVolume / candle.volume : null;
