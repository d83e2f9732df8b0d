"""Makes test/fixtures/indicators/pandas.json: what stock-indicators.json has no numbers for.

    pip install -r test/oracle/requirements.txt && python test/oracle/indicators.py
"""

import json
import pathlib

import numpy as np
import pandas as pd
import talib

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures" / "indicators"
stored = json.loads((FIXTURES / "stock-indicators.json").read_text())
bars = pd.DataFrame(stored["quotes"])
close, volume = bars["close"], bars["volume"]


def listed(series):
    return [None if pd.isna(x) else float(x) for x in series]


def wilder(series, period):
    """Mean of the first `period` values, then average += (x - average) / period."""
    out, average = [], None
    for i, x in enumerate(series):
        if i == period - 1:
            average = float(np.mean(series[:period]))
        elif i >= period:
            average += (x - average) / period
        out.append(average)
    return out


previous = close.shift(1)
true_range = pd.concat(
    [bars["high"] - bars["low"], (bars["high"] - previous).abs(), (bars["low"] - previous).abs()],
    axis=1,
).max(axis=1)
log_return = np.log(close / previous)
obv = pd.Series(talib.OBV(close.to_numpy(float), volume.to_numpy(float)))
slope = obv.rolling(20).apply(lambda y: np.polyfit(np.arange(20), y, 1)[0], raw=True)

out = {
    "versions": {"numpy": np.__version__, "pandas": pd.__version__, "TA-Lib": talib.__version__},
    "atr_talib": listed(talib.ATR(bars["high"], bars["low"], close, 14)),
    "atr_first_counted": listed(wilder(list(true_range), 14)),
    "realised_volatility": listed((log_return**2).rolling(20).mean().pow(0.5)),
    "obv_slope": listed(slope / volume.rolling(20).mean()),
}
lines = ",\n".join(f'"{name}":{json.dumps(value, separators=(",", ":"))}' for name, value in out.items())
(FIXTURES / "pandas.json").write_text("{\n" + lines + "\n}\n")
