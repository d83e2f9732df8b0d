-- The highest revision of each row of features. Few rows are ever revised, so the right side is
-- small; conditions on the view's columns reach the scan of the table.
CREATE OR REPLACE VIEW features_latest AS (
  SELECT t.*
  FROM features t
  LEFT JOIN (
    SELECT ts, venue, symbol, feature_set, max(revision) AS revision
    FROM features
    WHERE revision > 0
  ) newest ON (ts, venue, symbol, feature_set)
  WHERE newest.revision IS NULL OR t.revision = newest.revision
)
