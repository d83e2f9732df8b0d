-- The log's own clock as the sink has passed it, by partition: the installation's time is the
-- lowest of them. Nothing else says what is due, what may go, or where a cut may lie.
CREATE TABLE partition_clocks (
  topic text NOT NULL,
  partition integer NOT NULL,
  -- Microseconds; null: only held ones came by.
  clock_us bigint,
  -- A clock that jumped, and that nobody has accepted yet.
  held_us bigint,
  PRIMARY KEY (topic, partition)
);

-- When a partition of a QuestDB table was last written to, by the log's clock: its age counts from
-- there, so that history that was fed today is not old today.
CREATE TABLE written_partitions (
  table_name text NOT NULL,
  partition text NOT NULL,
  written_us bigint NOT NULL,
  PRIMARY KEY (table_name, partition)
);

-- When an instrument last came further, by the log's clock; null: from before that was kept. One
-- that has not for longer than an age keeps no partition of that table.
ALTER TABLE stored_watermarks ADD COLUMN moved_us bigint;
