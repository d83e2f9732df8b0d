-- What each process of the installation counts and measures, as it last said. Unlogged: after a
-- crash of PostgreSQL every process says it anew within seconds.
CREATE UNLOGGED TABLE process_metrics (
  -- The machine and the process id: `host:1234`.
  worker text PRIMARY KEY,
  -- What runs in it: `stream`, or several joined by `+`.
  process text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  -- Metrics of prom-client, with their values.
  metrics json NOT NULL
);
