-- Measurements of the running system.
CREATE TABLE IF NOT EXISTS system_metrics (
  ts TIMESTAMP,
  name SYMBOL,
  labels SYMBOL,
  value DOUBLE
) TIMESTAMP(ts) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(ts, name, labels)
