DROP INDEX job_runs_failed;
DROP INDEX job_runs_to_try;
UPDATE job_runs SET state = 'failed' WHERE state = 'cancelled';
ALTER TABLE job_runs
  DROP CONSTRAINT job_runs_state_check,
  ADD CONSTRAINT job_runs_state_check
    CHECK (state IN ('due', 'running', 'done', 'refused', 'failed')),
  DROP COLUMN alive_at,
  DROP COLUMN claim,
  DROP COLUMN rest_s,
  DROP COLUMN next_try_at,
  DROP COLUMN last_error,
  DROP COLUMN cause,
  DROP COLUMN outages,
  DROP COLUMN run_id;
