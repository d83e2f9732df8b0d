/**
 * closed candles -> what npm's trading-signals has of our features, in the library's own way: one
 * indicator object for each, a candle at a time. An indicator that serves several features is there
 * once.
 */
import {
  ADX,
  ATR,
  BollingerBands,
  CCI,
  CMF,
  EMA,
  MACD,
  MFI,
  ROC,
  RSI,
  StochasticOscillator,
  WilliamsR,
} from 'trading-signals';
import type { ClosedCandle, Timeframe } from '../../src/domain/candle.ts';

/** As named by `peer-features.ts`. */
type Values = (number | null)[];
type Update = (candle: ClosedCandle) => Values;

/** Takes the candles that end together, and gives the newest values of every timeframe. */
export function tradingSignals(): (closes: readonly ClosedCandle[]) => Record<Timeframe, Values> {
  const updates: Record<Timeframe, Update> = {
    '1m': minutes(),
    '5m': direction(),
    '15m': series(),
    '1h': series(),
  };
  const newest: Record<Timeframe, Values> = { '1m': [], '5m': [], '15m': [], '1h': [] };
  return (closes) => {
    for (const candle of closes) newest[candle.timeframe] = updates[candle.timeframe](candle);
    return newest;
  };
}

function series(): Update {
  const [change, rsi, ema, atr] = [new ROC(1), new RSI(14), new EMA(20), new ATR(14)];
  return (candle) => {
    const { close } = candle;
    return [
      change.add(close),
      rsi.add(close),
      close / (ema.add(close) ?? NaN) - 1,
      over(close, atr.add(candle)),
    ];
  };
}

function minutes(): Update {
  const common = series();
  const macd = new MACD(new EMA(12), new EMA(26), new EMA(9));
  const stochastic = new StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 1 });
  const [williams, cci, roc] = [new WilliamsR(14), new CCI(20), new ROC(10)];
  const [bands, mfi, cmf] = [new BollingerBands(20, 2), new MFI(14), new CMF(20)];
  return (candle) => {
    const { close } = candle;
    const values = common(candle);
    const band = bands.add(close);
    values.push(
      over(close, macd.add(close)?.histogram ?? null),
      stochastic.add(candle)?.stochK ?? null,
      williams.add(candle),
      cci.add(candle),
      percent(roc.add(close)),
      band && close / band.middle - 1,
      band && (band.upper - band.lower) / band.middle,
      band && (close - band.lower) / (band.upper - band.lower),
      mfi.add(candle),
      cmf.add(candle),
    );
    return values;
  };
}

function direction(): Update {
  const common = series();
  const [adx, roc, bands] = [new ADX(14), new ROC(10), new BollingerBands(20, 2)];
  return (candle) => {
    const { close } = candle;
    const values = common(candle);
    const strength = adx.add(candle);
    const band = bands.add(close);
    values.push(
      strength,
      strength === null ? null : 100 * ((adx.pdi ?? NaN) - (adx.mdi ?? NaN)),
      percent(roc.add(close)),
      band && (close - band.lower) / (band.upper - band.lower),
    );
    return values;
  };
}

const over = (close: number, value: number | null): number | null =>
  value === null ? null : value / close;

const percent = (value: number | null): number | null => (value === null ? null : 100 * value);
