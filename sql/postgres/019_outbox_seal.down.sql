DELETE FROM control_outbox WHERE state = 'refused';
ALTER TABLE control_outbox DROP CONSTRAINT control_outbox_state_check;
ALTER TABLE control_outbox
  ADD CONSTRAINT control_outbox_state_check CHECK (state IN ('due', 'sent'));
ALTER TABLE control_outbox DROP COLUMN seal;
