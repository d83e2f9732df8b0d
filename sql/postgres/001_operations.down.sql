DROP TABLE settings;
DROP TABLE audit_log;
DROP TABLE alerts;
DROP TABLE errors;
DROP TABLE job_runs;
DROP TABLE control_outbox;
DROP TABLE operator_state;
DROP TABLE checkpoints;
