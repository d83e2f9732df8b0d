-- By which transaction a watermark was last written: whoever asks again and again reads what has
-- changed, not every instrument. Set by the table itself, whatever version writes.
ALTER TABLE stored_watermarks ADD COLUMN changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX stored_watermarks_changed ON stored_watermarks (changed_xid);
CREATE FUNCTION note_watermark_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN NEW.changed_xid := pg_current_xact_id(); RETURN NEW; END $$;
CREATE TRIGGER stored_watermarks_change BEFORE UPDATE ON stored_watermarks
  FOR EACH ROW EXECUTE FUNCTION note_watermark_change();
