-- The application's HMAC over a record that waits: only what it has written itself is signed. What
-- somebody else has put here is set aside, and an alert tells of it.
ALTER TABLE control_outbox ADD COLUMN seal text;
ALTER TABLE control_outbox DROP CONSTRAINT control_outbox_state_check;
ALTER TABLE control_outbox
  ADD CONSTRAINT control_outbox_state_check CHECK (state IN ('due', 'sent', 'refused'));
