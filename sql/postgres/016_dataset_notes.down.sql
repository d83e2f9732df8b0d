ALTER TABLE dataset_requests DROP COLUMN note;
