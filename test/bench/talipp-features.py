"""closed candles -> what talipp has of our features, timed: the peer behind test/bench/talipp.ts.

Reads lines of JSON. The first holds all candles, by instant; each further one the instants from and
to: they are computed, and answered by the CPU nanoseconds and, by timeframe, the newest values.
"""

import json
import sys
import time

from talipp.indicators import ADX, ATR, BB, CCI, EMA, MACD, ROC, RSI, Stoch, Williams
from talipp.ohlcv import OHLCV


def series():
    change, rsi, ema, atr = ROC(1), RSI(14), EMA(20), ATR(14)

    def update(candle):
        close = candle.close
        for indicator in (change, rsi, ema):
            indicator.add(close)
        atr.add(candle)
        if atr[-1] is None or ema[-1] is None:
            return []
        return [change[-1] / 100, rsi[-1], close / ema[-1] - 1, atr[-1] / close]

    return update


def minutes():
    common = series()
    macd, roc, bands = MACD(12, 26, 9), ROC(10), BB(20, 2)
    stochastic, williams, cci = Stoch(14, 3), Williams(14), CCI(20)

    def update(candle):
        close = candle.close
        values = common(candle)
        for indicator in (macd, roc, bands):
            indicator.add(close)
        for indicator in (stochastic, williams, cci):
            indicator.add(candle)
        if macd[-1] is None or macd[-1].histogram is None:
            return []
        band = bands[-1]
        return values + [
            macd[-1].histogram / close,
            stochastic[-1].d,
            williams[-1],
            cci[-1],
            roc[-1],
            close / band.cb - 1,
            (band.ub - band.lb) / band.cb,
            (close - band.lb) / (band.ub - band.lb),
        ]

    return update


def direction():
    common = series()
    adx, roc, bands = ADX(14, 14), ROC(10), BB(20, 2)

    def update(candle):
        close = candle.close
        values = common(candle)
        adx.add(candle)
        roc.add(close)
        bands.add(close)
        if adx[-1] is None or adx[-1].adx is None:
            return []
        band = bands[-1]
        return values + [
            adx[-1].adx,
            adx[-1].plus_di - adx[-1].minus_di,
            roc[-1],
            (close - band.lb) / (band.ub - band.lb),
        ]

    return update


def main():
    updates = {"1m": minutes(), "5m": direction(), "15m": series(), "1h": series()}
    newest = {timeframe: [] for timeframe in updates}
    instants = [
        [(timeframe, OHLCV(*numbers)) for timeframe, *numbers in closes]
        for closes in json.loads(sys.stdin.readline())
    ]
    for line in iter(sys.stdin.readline, ""):
        first, end = json.loads(line)
        before = time.process_time_ns()
        for closes in instants[first:end]:
            for timeframe, candle in closes:
                newest[timeframe] = updates[timeframe](candle)
        took = time.process_time_ns() - before
        print(json.dumps({"ns": took, "newest": newest}), flush=True)


main()
