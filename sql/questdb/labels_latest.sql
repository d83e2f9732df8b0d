-- The highest revision of each row of labels. Few rows are ever revised, so the right side is
-- small; conditions on the view's columns reach the scan of the table.
CREATE OR REPLACE VIEW labels_latest AS (
  SELECT t.*
  FROM labels t
  LEFT JOIN (
    SELECT ts, venue, symbol, label_spec, max(revision) AS revision
    FROM labels
    WHERE revision > 0
  ) newest ON (ts, venue, symbol, label_spec)
  WHERE newest.revision IS NULL OR t.revision = newest.revision
)
