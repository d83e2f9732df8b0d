UPDATE job_runs SET job = 'curation' WHERE job = 'reports';
UPDATE errors SET error_key = replace(error_key, ':reports:', ':curation:')
WHERE error_key ~ '^job[a-z-]*:reports:';
