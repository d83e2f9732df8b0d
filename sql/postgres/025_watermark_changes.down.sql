ALTER TABLE stored_watermarks DROP COLUMN changed_xid;
