-- Best bid and ask as they were first seen.
CREATE TABLE IF NOT EXISTS quotes (
  ts TIMESTAMP,
  known_at TIMESTAMP,
  venue SYMBOL,
  symbol SYMBOL,
  id VARCHAR,
  bid DOUBLE,
  ask DOUBLE,
  bid_size DOUBLE,
  ask_size DOUBLE,
  origin SYMBOL,
  imported_at TIMESTAMP,
  came_by SYMBOL
) TIMESTAMP(ts) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(ts, venue, symbol, id)
