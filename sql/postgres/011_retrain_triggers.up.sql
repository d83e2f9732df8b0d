-- Why models were trained again: every firing of a trigger, in event time. One of a kind at one
-- time, so that an evaluation that is repeated changes nothing.
CREATE TABLE retrain_triggers (
  venue text NOT NULL,
  symbol text NOT NULL,
  label_spec text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('calendar', 'drift', 'decay', 'new_data')),
  -- Event time; the training that it brought is due at the same.
  fired_ts timestamptz NOT NULL,
  -- The model that drifted or decayed; null where the trigger is about none.
  model_id text,
  -- The reason in words, and its numbers with their thresholds.
  detail jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (venue, symbol, label_spec, kind, fired_ts)
);
CREATE INDEX retrain_triggers_fired ON retrain_triggers (fired_ts);
