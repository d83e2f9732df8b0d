DROP TRIGGER stored_watermarks_change ON stored_watermarks;
DROP FUNCTION note_watermark_change;
ALTER TABLE stored_watermarks DROP COLUMN changed_xid;
