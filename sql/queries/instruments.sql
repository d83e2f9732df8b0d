-- Every stored instrument with its range and its numbers of trades and quotes.
SELECT venue, symbol, min(from_ts) AS from_ts, max(to_ts) AS to_ts,
  sum(trades) AS trades, sum(quotes) AS quotes
FROM (
  SELECT venue, symbol, min(ts) AS from_ts, max(ts) AS to_ts, count() AS trades, 0L AS quotes
  FROM ticks
  UNION ALL
  SELECT venue, symbol, min(ts) AS from_ts, max(ts) AS to_ts, 0L AS trades, count() AS quotes
  FROM quotes
)
ORDER BY venue, symbol
