-- What became of each decision. up is 1, 0 or null: a BOOLEAN could not be null.
CREATE TABLE IF NOT EXISTS labels (
  ts TIMESTAMP,
  decided_ts TIMESTAMP,
  label_known_at TIMESTAMP,
  venue SYMBOL,
  symbol SYMBOL,
  label_spec SYMBOL,
  revision INT,
  entry_ts TIMESTAMP,
  entry_price DOUBLE,
  exit_ts TIMESTAMP,
  exit_price DOUBLE,
  forward_return DOUBLE,
  up INT,
  state SYMBOL,
  void_reason SYMBOL,
  flags VARCHAR
) TIMESTAMP(ts) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(ts, venue, symbol, label_spec, revision)
