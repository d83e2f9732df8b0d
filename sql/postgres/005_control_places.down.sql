ALTER TABLE control_outbox ADD COLUMN offsets jsonb NOT NULL DEFAULT '{}';
DROP TABLE control_places;
