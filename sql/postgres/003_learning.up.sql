-- Feature sets, data sets, training runs, models, and which model was live when.

CREATE TABLE feature_sets (
  -- name@hash of its definition.
  feature_set text PRIMARY KEY,
  name text NOT NULL,
  definition jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE datasets (
  dataset_id text PRIMARY KEY,
  sha256 text NOT NULL,
  rows bigint NOT NULL,
  manifest jsonb NOT NULL,
  path text,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE models (
  model_id text PRIMARY KEY,
  venue text NOT NULL,
  symbol text NOT NULL,
  label_spec text NOT NULL,
  state text NOT NULL
    CHECK (state IN ('candidate', 'shadow', 'champion', 'retired', 'rejected')),
  sha256 text NOT NULL,
  artifact bytea NOT NULL,
  manifest jsonb NOT NULL,
  metrics jsonb NOT NULL DEFAULT '{}',
  verdict jsonb,
  dataset_id text,
  -- Event time: the `as_of` of the training.
  trained_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX models_instrument ON models (venue, symbol, label_spec, trained_at DESC);

CREATE TABLE training_runs (
  run_id text PRIMARY KEY,
  venue text NOT NULL,
  symbol text NOT NULL,
  label_spec text NOT NULL,
  dataset_id text,
  model_id text,
  state text NOT NULL CHECK (state IN ('running', 'done', 'refused', 'failed')),
  as_of timestamptz NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);

-- What was sent to the log, and from when to when it held there (event time). `from_ts` is null
-- until the log has shown it.
CREATE TABLE model_activations (
  control_id text NOT NULL,
  venue text NOT NULL,
  symbol text NOT NULL,
  label_spec text NOT NULL,
  slot text NOT NULL,
  model_id text NOT NULL,
  from_ts timestamptz,
  until_ts timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (control_id, venue, symbol)
);
CREATE INDEX model_activations_live ON model_activations (venue, symbol, label_spec, slot, from_ts);
