-- Predictions as served: slot is champion, or the id of a shadow model.
CREATE TABLE IF NOT EXISTS predictions (
  ts TIMESTAMP,
  decided_ts TIMESTAMP,
  known_at TIMESTAMP,
  venue SYMBOL,
  symbol SYMBOL,
  label_spec SYMBOL,
  slot SYMBOL,
  prediction_id VARCHAR,
  feature_id VARCHAR,
  model_id SYMBOL,
  horizon_s INT,
  probability_up DOUBLE,
  expected_return DOUBLE,
  verdict SYMBOL,
  close DOUBLE,
  imported_at TIMESTAMP
) TIMESTAMP(ts) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(ts, venue, symbol, label_spec, slot)
