DROP VIEW model_changes;
DROP FUNCTION model_live_at(text, text, text, timestamptz);
DROP INDEX audit_log_action;
ALTER TABLE models
  DROP COLUMN origin, DROP COLUMN replaced, DROP COLUMN changed_by, DROP COLUMN changed_ts;
