-- Trades as they were first seen; side is the taker's; origin is 'backfill' for history, else null.
CREATE TABLE IF NOT EXISTS ticks (
  ts TIMESTAMP,
  known_at TIMESTAMP,
  venue SYMBOL,
  symbol SYMBOL,
  id VARCHAR,
  price DOUBLE,
  size DOUBLE,
  side SYMBOL,
  origin SYMBOL
) TIMESTAMP(ts) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(ts, venue, symbol, id)
