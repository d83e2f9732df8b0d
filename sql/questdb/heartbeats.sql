-- Nothing more of the instrument came up to ts.
CREATE TABLE IF NOT EXISTS heartbeats (
  ts TIMESTAMP,
  known_at TIMESTAMP,
  venue SYMBOL,
  symbol SYMBOL
) TIMESTAMP(ts) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(ts, venue, symbol)
