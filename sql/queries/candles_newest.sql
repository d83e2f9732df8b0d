-- The newest $6 candles of one series within [$4, $5), highest revision of each; newest first.
SELECT t.* FROM candles t
LEFT JOIN (
  SELECT ts, price_source, max(revision) AS revision FROM candles
  WHERE venue = $1 AND symbol = $2 AND timeframe = $3 AND revision > 0 AND ts >= $4 AND ts < $5
) newest ON (ts, price_source)
WHERE t.venue = $1 AND t.symbol = $2 AND t.timeframe = $3 AND t.ts >= $4 AND t.ts < $5
  AND (newest.revision IS NULL OR t.revision = newest.revision)
ORDER BY t.ts DESC
LIMIT $6
