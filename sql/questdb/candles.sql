-- A candle covers [ts, ts + timeframe). Revision 0 is what the stream served.
CREATE TABLE IF NOT EXISTS candles (
  ts TIMESTAMP,
  decided_ts TIMESTAMP,
  known_at TIMESTAMP,
  venue SYMBOL,
  symbol SYMBOL,
  timeframe SYMBOL,
  price_source SYMBOL,
  revision INT,
  open DOUBLE,
  high DOUBLE,
  low DOUBLE,
  close DOUBLE,
  volume DOUBLE,
  trades LONG,
  vwap DOUBLE,
  flags VARCHAR,
  imported_at TIMESTAMP
) TIMESTAMP(ts) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(ts, venue, symbol, timeframe, price_source, revision)
