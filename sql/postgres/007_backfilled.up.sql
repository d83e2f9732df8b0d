-- History that was fed behind its time: the stretch of each instrument that it reaches over, and
-- the latest known_at in it. What was computed there is to be looked at again.
CREATE TABLE backfilled (
  instrument text PRIMARY KEY,
  from_ts bigint NOT NULL,
  to_ts bigint NOT NULL,
  known_at bigint NOT NULL
);
