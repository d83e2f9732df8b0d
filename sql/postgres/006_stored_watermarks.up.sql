-- Up to which event time the sink has stored all of an instrument: what lies in the log before the
-- tick of that time can be read in QuestDB, whichever table it went to.
CREATE TABLE stored_watermarks (
  instrument text PRIMARY KEY,
  reached_ts bigint NOT NULL
);
