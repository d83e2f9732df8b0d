/** Every change of a run's state is kept by the database itself: `run_witness`. */
export const WITNESS = `
  CREATE TABLE run_witness (at bigserial, run_id bigint, was text, is_now text);
  CREATE FUNCTION witness_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO run_witness (run_id, was, is_now) VALUES (new.run_id, old.state, new.state);
    RETURN new;
  END $$;
  CREATE TRIGGER witness AFTER UPDATE ON job_runs FOR EACH ROW
    WHEN (old.state <> new.state) EXECUTE FUNCTION witness_run()`;
