-- Feature rows of one instrument within [$3, $4): of each the highest revision known by
-- $5, of imports only what came by $6.
SELECT t.* FROM features t
LEFT JOIN (
  SELECT ts, feature_set, max(revision) AS revision FROM features
  WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4 AND revision > 0 AND known_at <= $5
    AND (imported_at IS NULL OR imported_at <= $6)
) newest ON (ts, feature_set)
WHERE t.venue = $1 AND t.symbol = $2 AND t.ts >= $3 AND t.ts < $4 AND t.known_at <= $5
  AND (t.imported_at IS NULL OR t.imported_at <= $6)
  AND (newest.revision IS NULL OR t.revision = newest.revision)
ORDER BY t.ts
