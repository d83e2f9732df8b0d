-- Trades as they were first seen; side is the taker's. origin is null for what was received when it
-- happened, 'backfill' for history, 'import' for a recording that claims its own known_at: then
-- imported_at says when it came, and came_by 'backfill' that the stream never computed with it.
CREATE TABLE IF NOT EXISTS ticks (
  ts TIMESTAMP,
  known_at TIMESTAMP,
  venue SYMBOL,
  symbol SYMBOL,
  id VARCHAR,
  price DOUBLE,
  size DOUBLE,
  side SYMBOL,
  origin SYMBOL,
  imported_at TIMESTAMP,
  came_by SYMBOL
) TIMESTAMP(ts) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(ts, venue, symbol, id)
