-- The highest revision of each row of candles. Few rows are ever revised, so the right side is
-- small; conditions on the view's columns reach the scan of the table.
CREATE OR REPLACE VIEW candles_latest AS (
  SELECT t.*
  FROM candles t
  LEFT JOIN (
    SELECT ts, venue, symbol, timeframe, price_source, max(revision) AS revision
    FROM candles
    WHERE revision > 0
  ) newest ON (ts, venue, symbol, timeframe, price_source)
  WHERE newest.revision IS NULL OR t.revision = newest.revision
)
