ALTER TABLE checkpoints
  DROP CONSTRAINT checkpoints_marker,
  DROP COLUMN marker_offset,
  DROP COLUMN marker_hash;
