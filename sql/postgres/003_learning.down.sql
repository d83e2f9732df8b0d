DROP TABLE model_activations;
DROP TABLE training_runs;
DROP TABLE models;
DROP TABLE datasets;
DROP TABLE feature_sets;
