-- Labels of one instrument and spec within [$3, $4): of each the highest
-- revision known by $5, of imports only what came by $7.
SELECT t.* FROM labels t
LEFT JOIN (
  SELECT ts, max(revision) AS revision FROM labels
  WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4 AND revision > 0
    AND label_known_at <= $5 AND label_spec = $6
    AND (imported_at IS NULL OR imported_at <= $7)
) newest ON (ts)
WHERE t.venue = $1 AND t.symbol = $2 AND t.ts >= $3 AND t.ts < $4 AND t.label_known_at <= $5
  AND t.label_spec = $6 AND (t.imported_at IS NULL OR t.imported_at <= $7)
  AND (newest.revision IS NULL OR t.revision = newest.revision)
ORDER BY t.ts
