DROP TABLE stored_watermarks;
