-- The registry: where a model came from, what it took the place of, what ended it; and which model
-- was live at an instant.

ALTER TABLE models
  -- `training`: by the training job; `registered`: brought by somebody, trained elsewhere.
  ADD COLUMN origin text NOT NULL DEFAULT 'training' CHECK (origin IN ('training', 'registered')),
  -- The champion before it; null: the baseline, or never champion. A rollback goes back to it.
  ADD COLUMN replaced text,
  -- Of the last change of state: its cause, and its event time where that was known.
  ADD COLUMN changed_by text,
  ADD COLUMN changed_ts timestamptz;

CREATE INDEX audit_log_action ON audit_log (action, at);

-- The champion of an instrument at an instant: always exactly one, the baseline where no model was
-- in force. The times are event time, so at a decision's `decided_ts` this is its `model_id`.
CREATE FUNCTION model_live_at(
  at_venue text, at_symbol text, at_label_spec text, at_ts timestamptz
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce((
    SELECT a.model_id FROM model_activations a
    WHERE a.venue = at_venue AND a.symbol = at_symbol AND a.label_spec = at_label_spec
      AND a.slot = 'champion' AND a.from_ts <= at_ts
      AND (a.until_ts IS NULL OR at_ts < a.until_ts)
    ORDER BY a.from_ts DESC, a.created_at DESC LIMIT 1
  ), 'baseline@1')
$$;

-- Every change of the registry, newest first: who, when, what and why, with the champion and the
-- model's state before and after it.
CREATE VIEW model_changes AS
SELECT audit_id, at, detail->>'event_ts' AS event_ts, actor, action, subject AS model_id, reason,
  detail->>'venue' AS venue, detail->>'symbol' AS symbol, detail->>'label_spec' AS label_spec,
  (detail->>'forced')::boolean AS forced,
  detail->'before' AS before, detail->'after' AS after, detail->'records' AS records
FROM audit_log
WHERE action LIKE 'model.%'
ORDER BY audit_id DESC;
