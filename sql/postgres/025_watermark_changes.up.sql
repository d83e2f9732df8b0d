-- By which transaction a watermark was last written: whoever asks again and again reads what has
-- changed, not every instrument.
ALTER TABLE stored_watermarks ADD COLUMN changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX stored_watermarks_changed ON stored_watermarks (changed_xid);
