DROP INDEX signals_ungraded;
ALTER TABLE signals DROP COLUMN graded;
ALTER TABLE signal_outcomes
  DROP COLUMN exit_tick_id,
  DROP COLUMN held_us,
  DROP COLUMN best_excursion,
  DROP COLUMN worst_excursion;
