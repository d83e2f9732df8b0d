DROP TABLE retrain_triggers;
