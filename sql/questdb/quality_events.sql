-- What was late, corrected, missing, numbered anew, from the future, dated wrongly or malformed.
-- detail is JSON; with "summary": true the row stands for "count" events of a flood.
CREATE TABLE IF NOT EXISTS quality_events (
  ts TIMESTAMP,
  known_at TIMESTAMP,
  venue SYMBOL,
  symbol SYMBOL,
  kind SYMBOL,
  source VARCHAR,
  detail VARCHAR
) TIMESTAMP(ts) PARTITION BY MONTH WAL
DEDUP UPSERT KEYS(ts, venue, symbol, kind, source)
