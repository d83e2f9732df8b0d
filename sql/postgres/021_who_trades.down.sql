DROP TABLE signal_refusals;
ALTER TABLE models DROP COLUMN waits_because;
ALTER TABLE accounts DROP COLUMN description;
