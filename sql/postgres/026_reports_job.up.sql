-- The job that was called curation is named as the node of the flow is.
UPDATE job_runs SET job = 'reports' WHERE job = 'curation';
UPDATE errors SET error_key = replace(error_key, ':curation:', ':reports:')
WHERE error_key ~ '^job[a-z-]*:curation:';
