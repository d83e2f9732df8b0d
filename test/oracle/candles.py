"""Makes test/fixtures/candles/oanda-eurusd-1m.csv.gz: mid candles of the bundled sample by pandas.

    pip install -r test/oracle/requirements.txt && python test/oracle/candles.py

A row equal to its predecessor at the same millisecond is a repeat and not a quote. A candle covers
[start, start + 1 minute); a minute without a quote has none. Prices are printed so that reading
them gives the same double again.
"""

import gzip
import io
import pathlib
import zipfile

import pandas as pd

TEST = pathlib.Path(__file__).parent.parent
SAMPLE = TEST.parent / "data" / "sample" / "oanda-eurusd"
OUT = TEST / "fixtures" / "candles" / "oanda-eurusd-1m.csv.gz"

days = []
for path in sorted(SAMPLE.glob("*_quote.zip")):
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0])
    columns = ["ms", "bid", "ask"]
    day = pd.read_csv(io.BytesIO(text), names=columns)
    day.index = pd.to_datetime(path.name[:8], utc=True) + pd.to_timedelta(day.pop("ms"), unit="ms")
    days.append(day)
quotes = pd.concat(days)

repeat = (quotes == quotes.shift()).all(axis=1) & (
    quotes.index.to_series() == quotes.index.to_series().shift()
)
quotes = quotes[~repeat]
mid = (quotes["bid"] + quotes["ask"]) / 2
candles = mid.resample("1min", label="left", closed="left").ohlc()
candles["count"] = mid.resample("1min", label="left", closed="left").count()
candles = candles[candles["count"] > 0]

lines = ["start_ms,open,high,low,close,count"]
for start, c in candles.iterrows():
    prices = [repr(float(c[name])) for name in ("open", "high", "low", "close")]
    lines.append(",".join([str(start.value // 1_000_000), *prices, str(int(c["count"]))]))
with open(OUT, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as out:
    out.write(("\n".join(lines) + "\n").encode())
print(f"{len(quotes)} quotes, {len(candles)} candles, {OUT.stat().st_size} bytes")
