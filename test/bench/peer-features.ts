/**
 * Which of our features the peers have an indicator for, by timeframe, in the order in which their
 * values come. The rest they do not have: what is made of single ticks (taker flow, VWAP, spread,
 * intensity, gap), of the clock, realised volatility, and the slope of on-balance volume.
 */
import type { Timeframe } from '../../src/domain/candle.ts';

export interface Peer {
  readonly name: string;
  readonly names: Readonly<Record<Timeframe, readonly string[]>>;
  /** What the peer defines otherwise: computed there all the same, and not compared. */
  readonly different: ReadonlySet<string>;
}

const series = (timeframe: Timeframe): string[] =>
  ['return', 'rsi_14', 'ema_distance_20', 'atr_14'].map((name) => `${name}_${timeframe}`);

const MINUTE = [
  ...series('1m'),
  'macd_hist_1m',
  'stoch_k_1m',
  'willr_14_1m',
  'cci_20_1m',
  'roc_10_1m',
  'sma_distance_20_1m',
  'bb_width_20_1m',
  'bb_position_20_1m',
];

const LONGER = {
  '5m': [...series('5m'), 'adx_14_5m', 'di_balance_14_5m', 'roc_10_5m', 'bb_position_20_5m'],
  '15m': series('15m'),
  '1h': series('1h'),
};

export const TRADING_SIGNALS: Peer = {
  name: 'trading-signals',
  names: { '1m': [...MINUTE, 'mfi_14_1m', 'cmf_20_1m'], ...LONGER },
  // Where a candle reaches as far above the last one as below it, both count there, and neither by
  // Wilder's definition.
  different: new Set(['adx_14_5m', 'di_balance_14_5m']),
};

export const TALIPP: Peer = {
  name: 'talipp (Python)',
  names: { '1m': MINUTE, ...LONGER },
  different: new Set(),
};
