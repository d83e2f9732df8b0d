DROP TABLE backfilled;
