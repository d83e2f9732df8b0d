-- More of what the grader says of a signal, and which signals it has not seen yet. The index holds
-- these alone, so that looking for them costs the same after years.
ALTER TABLE signal_outcomes
  ADD COLUMN exit_tick_id text,
  ADD COLUMN held_us bigint,
  ADD COLUMN best_excursion double precision,
  ADD COLUMN worst_excursion double precision;
ALTER TABLE signals ADD COLUMN graded boolean NOT NULL DEFAULT false;
CREATE INDEX signals_ungraded ON signals (venue, symbol, decided_ts) WHERE NOT graded;
