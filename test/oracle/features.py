"""Makes test/fixtures/indicators/features.json: feature values computed with pandas and TA-Lib.

    pip install -r test/oracle/requirements.txt && python test/oracle/features.py

The market is the one of test/features/drawn-market.ts: same seed, same candles. Only the values at
some instants are written; the close and the volume summed over all candles show that both drew the
same market.
"""

import json
import math
import pathlib

import numpy as np
import pandas as pd
import talib

TARGET = pathlib.Path(__file__).parent.parent / "fixtures" / "indicators" / "features.json"
MINUTES, SEED, EVERY = 1800, 1, 41
START = pd.Timestamp("2024-08-08T23:17:00")


def draw():
    drawn, cents, rows = SEED, 6_000_000, []

    def below(n):
        nonlocal drawn
        drawn = (drawn * 1_664_525 + 1_013_904_223) % 2**32
        return (drawn >> 16) % n

    for minute in range(MINUTES):
        if below(20) == 0:
            continue
        first = cents
        cents = first + below(401) - 200
        high = max(first, cents) + below(100)
        low = min(first, cents) - below(100)
        ticks, milli = 5 + below(200), 1 + below(5000)
        buy, spread, quotes = below(milli + 1), 1 + below(5), 1 + below(50)
        rows.append(
            {
                "start": START + pd.Timedelta(minutes=minute),
                "open": first / 100,
                "high": high / 100,
                "low": low / 100,
                "close": cents / 100,
                "volume": milli / 1000,
                "ticks": ticks,
                "price_volume": (high + low + 2 * cents) / 400 * milli / 1000,
                "buy": buy / 1000,
                "sell": (milli - buy) / 1000,
                "spread_sum": quotes * spread / cents,
                "quotes": quotes,
            }
        )
    return pd.DataFrame(rows).set_index("start")


def seeded(series, period, alpha):
    """Mean of the first `period` values that are not missing, then the recursion."""
    known = series.dropna()
    if len(known) < period:
        return pd.Series(np.nan, index=series.index)
    seed = pd.Series([known.iloc[:period].mean()], index=known.index[period - 1 : period])
    rest = pd.concat([seed, known.iloc[period:]]).ewm(alpha=alpha, adjust=False).mean()
    return rest.reindex(series.index)


def ema(series, period):
    return seeded(series, period, 2 / (period + 1))


def wilder(series, period):
    return seeded(series, period, 1 / period)


def common(bars, timeframe):
    close = bars["close"]
    out = {
        "return": close.pct_change(),
        "rsi_14": pd.Series(talib.RSI(close, 14), index=bars.index),
        "ema_distance_20": close / ema(close, 20) - 1,
        "atr_14": pd.Series(talib.ATR(bars["high"], bars["low"], close, 14)) / close,
        "signed_volume": (bars["buy"] - bars["sell"]) / (bars["buy"] + bars["sell"]),
        "vwap_distance": close * bars["volume"] / bars["price_volume"] - 1,
    }
    return {f"{name}_{timeframe}": series for name, series in out.items()}


def minute_only(bars):
    high, low, close, volume = (bars[name] for name in ["high", "low", "close", "volume"])
    macd = ema(close, 12) - ema(close, 26)
    upper, middle, lower = talib.BBANDS(close, 20, 2, 2)
    stoch_k, _ = talib.STOCH(high, low, close, 14, 3, 0, 3, 0)
    log_return = np.log(close / close.shift(1))
    realised = (log_return**2).rolling(20).mean().pow(0.5)
    multiplier = ((close - low) - (high - close)) / (high - low)
    line = lambda y: np.polyfit(np.arange(20), y, 1)[0]
    obv = pd.Series(talib.OBV(close, volume), index=bars.index)
    spread = bars["spread_sum"] / bars["quotes"]
    starts = bars.index.to_series()
    return {
        "macd_hist_1m": (macd - ema(macd, 9)) / close,
        "stoch_k_1m": stoch_k,
        "willr_14_1m": talib.WILLR(high, low, close, 14),
        "cci_20_1m": talib.CCI(high, low, close, 20),
        "roc_10_1m": talib.ROC(close, 10),
        "sma_distance_20_1m": close / close.rolling(20).mean() - 1,
        "bb_width_20_1m": (upper - lower) / middle,
        "bb_position_20_1m": (close - lower) / (upper - lower),
        "realised_vol_20_1m": realised,
        "realised_vol_ratio_1m": realised / ema(log_return**2, 120).pow(0.5),
        "obv_slope_20_1m": obv.rolling(20).apply(line, raw=True) / volume.rolling(20).mean(),
        "mfi_14_1m": talib.MFI(high, low, close, volume, 14),
        "cmf_20_1m": (multiplier * volume).rolling(20).sum() / volume.rolling(20).sum(),
        "intensity_1m": bars["ticks"] / ema(bars["ticks"].astype(float), 60),
        "spread_bps_1m": spread * 1e4,
        "spread_ratio_1m": spread / ema(spread, 60),
        "gap_1m": starts.diff() / pd.Timedelta(minutes=1) - 1,
    }


def five_minutes_only(bars):
    high, low, close = bars["high"], bars["low"], bars["close"]
    up, down = high.diff(), -low.diff()
    plus = up.where((up > down) & (up > 0), 0).iloc[1:]
    minus = down.where((down > up) & (down > 0), 0).iloc[1:]
    true_range = pd.Series(talib.TRANGE(high, low, close), index=bars.index).iloc[1:]
    plus_di = 100 * wilder(plus, 14) / wilder(true_range, 14)
    minus_di = 100 * wilder(minus, 14) / wilder(true_range, 14)
    dx = 100 * (plus_di - minus_di).abs() / (plus_di + minus_di)
    upper, _, lower = talib.BBANDS(close, 20, 2, 2)
    log_return = np.log(close / close.shift(1))
    return {
        "adx_14_5m": wilder(dx, 14),
        "di_balance_14_5m": plus_di - minus_di,
        "roc_10_5m": talib.ROC(close, 10),
        "bb_position_20_5m": (close - lower) / (upper - lower),
        "realised_vol_20_5m": (log_return**2).rolling(20).mean().pow(0.5),
    }


HOW = {name: "sum" for name in ["volume", "ticks", "price_volume", "buy", "sell", "spread_sum", "quotes"]}
HOW |= {"open": "first", "high": "max", "low": "min", "close": "last"}
minutes = draw()
columns = {}
for timeframe, length in {"1m": 1, "5m": 5, "15m": 15, "1h": 60}.items():
    bars = minutes.resample(f"{length}min").agg(HOW)
    bars = bars[bars["quotes"] > 0].astype(float)
    more = {"1m": minute_only, "5m": five_minutes_only}.get(timeframe, lambda _: {})
    for name, series in (common(bars, timeframe) | more(bars)).items():
        columns[name] = series.reindex(bars.index).set_axis(bars.index + pd.Timedelta(minutes=length))

# Every series as of each instant at which a candle of any timeframe ends.
instants = sorted(set().union(*(series.index for series in columns.values())))
table = pd.DataFrame({name: series.reindex(instants).ffill() for name, series in columns.items()})
minute_of_day = 2 * math.pi * (table.index.hour * 60 + table.index.minute) / 1440
day_of_week = 2 * math.pi * table.index.day_of_week / 7
table["minute_of_day_sin"], table["minute_of_day_cos"] = np.sin(minute_of_day), np.cos(minute_of_day)
table["day_of_week_sin"], table["day_of_week_cos"] = np.sin(day_of_week), np.cos(day_of_week)

rows = [
    [int(instant.value // 1000)] + [None if pd.isna(x) else float(x) for x in row]
    for instant, row in zip(table.index, table.to_numpy())
][EVERY - 1 :: EVERY]
head = {
    "versions": {"numpy": np.__version__, "pandas": pd.__version__, "TA-Lib": talib.__version__},
    "minutes": MINUTES,
    "seed": SEED,
    "instants": len(instants),
    "close_sum": float(minutes["close"].sum()),
    "volume_sum": float(minutes["volume"].sum()),
    "columns": ["end_ts", *table.columns],
}
lines = ",\n".join(f'"{name}":{json.dumps(value)}' for name, value in head.items())
body = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
TARGET.write_text("{\n" + lines + ',\n"rows":[\n' + body + "\n]}\n")
