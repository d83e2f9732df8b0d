DROP TABLE control_scans;
DROP TABLE control_versions;
