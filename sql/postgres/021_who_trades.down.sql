DROP TABLE signal_refusals;
ALTER TABLE accounts DROP COLUMN description;
