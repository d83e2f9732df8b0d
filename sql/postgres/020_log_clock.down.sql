ALTER TABLE stored_watermarks DROP COLUMN moved_us;
DROP TABLE written_partitions;
DROP TABLE partition_clocks;
