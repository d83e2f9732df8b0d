-- Why a set found less than is stored, in words for whoever asked for it.
ALTER TABLE dataset_requests ADD COLUMN note text;
