-- Where in `ticks` each control record came by, written by whoever passes it: a record is known to
-- be in the log by its place there, not by what its sender remembers.
CREATE TABLE control_places (
  control_id text NOT NULL,
  partition integer NOT NULL,
  -- The first one; a repeat behind it is void.
  log_offset bigint NOT NULL,
  PRIMARY KEY (control_id, partition)
);
ALTER TABLE control_outbox DROP COLUMN offsets;
