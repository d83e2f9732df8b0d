-- A number that each running process counts up. A process that finds less than it has written is on
-- a database that was taken back: what it remembers is not there any more.
CREATE TABLE process_marks (
  -- Of this run of it alone.
  run text PRIMARY KEY,
  role text NOT NULL,
  mark bigint NOT NULL,
  marked_at timestamptz NOT NULL DEFAULT now()
);
