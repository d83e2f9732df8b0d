-- Decisions of $7 from $4 on that were made by $5 and have no label of $3 of any revision, oldest
-- first.
SELECT p.ts AS ts, p.decided_ts AS decided_ts, p.horizon_s AS horizon_s FROM (
  SELECT ts, min(decided_ts) AS decided_ts, max(horizon_s) AS horizon_s FROM predictions
  WHERE venue = $1 AND symbol = $2 AND label_spec = $7 AND ts >= $4 AND decided_ts <= $5
) p
LEFT JOIN (
  SELECT ts, max(revision) AS revision FROM labels
  WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND ts >= $4
) l ON (ts)
WHERE l.revision IS NULL
ORDER BY ts
LIMIT $6
