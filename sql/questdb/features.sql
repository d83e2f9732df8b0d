-- Feature values as served; ts is the end of the candle. The migration adds one DOUBLE column per
-- feature.
CREATE TABLE IF NOT EXISTS features (
  ts TIMESTAMP,
  decided_ts TIMESTAMP,
  known_at TIMESTAMP,
  venue SYMBOL,
  symbol SYMBOL,
  feature_set SYMBOL,
  revision INT,
  feature_id VARCHAR,
  flags VARCHAR,
  imported_at TIMESTAMP
) TIMESTAMP(ts) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(ts, venue, symbol, feature_set, revision)
