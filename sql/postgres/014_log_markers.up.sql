-- A position belongs to the log that it was taken in: the last record below it that the stage was
-- given, by its offset and the first 16 bytes of a SHA-256 over key, value and timestamp. Null: the
-- position is from before this, or nothing was given yet.
ALTER TABLE checkpoints
  ADD COLUMN marker_offset bigint,
  ADD COLUMN marker_hash bytea,
  ADD CONSTRAINT checkpoints_marker CHECK (
    (marker_offset IS NULL) = (marker_hash IS NULL) AND marker_offset < next_offset
  );
