-- What was late, corrected, missing, from the future or malformed. detail is JSON.
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
