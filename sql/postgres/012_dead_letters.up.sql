-- What could not be taken, and what nobody knows. The records themselves lie in `dead-letters`;
-- here is what an alert, a metric and a list need. Operational: wall times.

-- One row for each place, up to 1 000 of a topic and reason; the rest is counted alone.
CREATE TABLE dead_letters (
  topic text NOT NULL,
  partition integer NOT NULL,
  log_offset bigint NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT now(),
  -- Since when its bytes were sent to its topic again; null: not yet.
  resent_at timestamptz,
  PRIMARY KEY (topic, partition, log_offset)
);
CREATE INDEX dead_letters_reason ON dead_letters (topic, reason);

-- A place counts once, however often it is read: only what lies behind `last_offset` is new.
CREATE TABLE dead_letter_counts (
  topic text NOT NULL,
  partition integer NOT NULL,
  reason text NOT NULL,
  records bigint NOT NULL,
  last_offset bigint NOT NULL,
  last_detail text NOT NULL,
  first_at timestamptz NOT NULL DEFAULT now(),
  last_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, partition, reason)
);

CREATE TABLE unknown_kinds (
  topic text NOT NULL,
  partition integer NOT NULL,
  kind text NOT NULL,
  records bigint NOT NULL,
  first_offset bigint NOT NULL,
  first_at timestamptz NOT NULL DEFAULT now(),
  last_offset bigint NOT NULL,
  last_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, partition, kind)
);
