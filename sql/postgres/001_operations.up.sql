-- What the installation runs on: where the stages stand, what goes into the log, what was run, what
-- went wrong. Operational tables: they hold wall times and are not compared by the fault tests.

CREATE TABLE checkpoints (
  stage text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  -- Rises with every claim; a write with an older one is a zombie's.
  epoch bigint NOT NULL,
  next_offset bigint NOT NULL CHECK (next_offset >= 0),
  owner text,
  state bytea,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stage, topic, partition)
);

CREATE TABLE operator_state (
  stage text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  instrument text NOT NULL,
  state bytea NOT NULL,
  PRIMARY KEY (stage, topic, partition, instrument)
);

-- Control records on their way into every partition of `ticks`.
CREATE TABLE control_outbox (
  seq bigserial PRIMARY KEY,
  -- Derived from the cause, so that the same cause is never sent twice.
  control_id text NOT NULL UNIQUE,
  type text NOT NULL CHECK (type IN ('model', 'bot', 'halt', 'equity', 'position', 'cut')),
  subject text NOT NULL,
  version bigint NOT NULL CHECK (version >= 1),
  body jsonb NOT NULL,
  cause text NOT NULL,
  state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sent')),
  -- Partition -> offset at which it came by.
  offsets jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  UNIQUE (type, subject, version)
);
CREATE INDEX control_outbox_due ON control_outbox (seq) WHERE state = 'due';

CREATE TABLE job_runs (
  job text NOT NULL,
  subject text NOT NULL,
  -- Event time.
  due_ts timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'due'
    CHECK (state IN ('due', 'running', 'done', 'refused', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  detail jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (job, subject, due_ts)
);
CREATE INDEX job_runs_open ON job_runs (due_ts) WHERE state IN ('due', 'running');

CREATE TABLE errors (
  error_id bigserial PRIMARY KEY,
  -- The same trouble again counts up instead of filling the table.
  error_key text NOT NULL UNIQUE,
  severity text NOT NULL CHECK (severity IN ('debug', 'info', 'warning', 'error', 'critical')),
  component text NOT NULL,
  code text NOT NULL,
  message text NOT NULL,
  context jsonb NOT NULL DEFAULT '{}',
  stack text,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
  occurrences bigint NOT NULL DEFAULT 1,
  note text,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz
);
CREATE INDEX errors_open ON errors (last_seen_at DESC) WHERE state = 'open';

CREATE TABLE alerts (
  alert_id bigserial PRIMARY KEY,
  alert_key text NOT NULL UNIQUE,
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
  subject text NOT NULL,
  message text NOT NULL,
  context jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'resolved')),
  created_at timestamptz NOT NULL DEFAULT now(),
  acknowledged_at timestamptz
);

CREATE TABLE audit_log (
  audit_id bigserial PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  reason text,
  detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_subject ON audit_log (subject, at);

CREATE TABLE settings (
  name text PRIMARY KEY,
  value jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
