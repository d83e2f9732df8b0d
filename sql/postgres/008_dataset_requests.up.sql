-- What a training set was asked for, so that a job can make it and anybody can make it again.

-- Requests of the user's own, by their content: the rows of `_entities.csv`, gzipped.
CREATE TABLE dataset_entities (
  sha256 text PRIMARY KEY,
  rows bigint NOT NULL,
  csv_gzip bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE dataset_requests (
  -- The subject of its job.
  request_id text PRIMARY KEY,
  request jsonb NOT NULL,
  -- What the job is doing, and at last the set.
  progress text,
  dataset_id text,
  created_at timestamptz NOT NULL DEFAULT now()
);
