-- The instruments with ticks from $1 on: the range and the numbers of those alone.
SELECT venue, symbol, min(from_ts) AS from_ts, max(to_ts) AS to_ts,
  sum(trades) AS trades, sum(quotes) AS quotes
FROM (
  SELECT venue, symbol, min(ts) AS from_ts, max(ts) AS to_ts, count() AS trades, 0L AS quotes
  FROM ticks WHERE ts >= $1
  UNION ALL
  SELECT venue, symbol, min(ts) AS from_ts, max(ts) AS to_ts, 0L AS trades, count() AS quotes
  FROM quotes WHERE ts >= $1
)
ORDER BY venue, symbol
