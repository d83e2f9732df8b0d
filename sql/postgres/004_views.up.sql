-- The usual questions as views.

-- Which model decided for an instrument at an instant. No row: the baseline.
CREATE FUNCTION model_live_at(at_venue text, at_symbol text, at_ts timestamptz)
RETURNS TABLE (label_spec text, slot text, model_id text, from_ts timestamptz, until_ts timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT a.label_spec, a.slot, a.model_id, a.from_ts, a.until_ts
  FROM model_activations a
  WHERE a.venue = at_venue AND a.symbol = at_symbol
    AND a.from_ts <= at_ts AND (a.until_ts IS NULL OR at_ts < a.until_ts)
$$;

CREATE VIEW trade_explained AS
SELECT
  t.trade_id, t.account, t.bot, t.venue, t.symbol, t.side, t.state, t.opened_at, t.closed_at,
  t.entry_price, t.exit_price, t.size, t.fees, t.gross_pnl, t.net_pnl, t.currency, t.exit_reason,
  t.signal_id, s.decided_ts AS signal_decided_ts, s.reason AS signal_reason, s.confidence,
  s.entry AS signal_entry, s.stop_loss, s.take_profit, s.indicators,
  t.prediction_id, s.feature_id, t.model_id, m.state AS model_state, m.dataset_id,
  extract(epoch FROM t.opened_at - s.decided_ts) AS signal_to_fill_s,
  extract(epoch FROM t.closed_at - t.opened_at) AS holding_s,
  (SELECT jsonb_agg(jsonb_build_object(
     'fill_id', f.fill_id, 'ts', f.ts, 'intent', f.intent, 'side', f.side, 'price', f.price,
     'size', f.size, 'fee', f.fee, 'fee_currency', f.fee_currency, 'reason', f.reason)
     ORDER BY f.ts, f.fill_id)
   FROM fills f WHERE f.trade_id = t.trade_id) AS fills
FROM trades t
LEFT JOIN signals s ON s.signal_id = t.signal_id
LEFT JOIN models m ON m.model_id = t.model_id;

CREATE VIEW open_positions AS
SELECT account, bot, venue, symbol, side, size - closed_size AS size, entry_price, currency,
  stop_loss, take_profit, opened_at, trade_id, signal_id
FROM trades
WHERE state = 'open';

-- Where the books do not agree with themselves; a sound installation has no row here.
CREATE VIEW account_breaks AS
SELECT a.account, 'balance' AS what, a.currency, a.balance AS expected,
  coalesce(sum(e.amount), 0) AS found
FROM accounts a
LEFT JOIN ledger_entries e
  ON e.account = a.account AND e.ledger_account = 'cash' AND e.currency = a.currency
GROUP BY a.account, a.currency, a.balance
HAVING a.balance <> coalesce(sum(e.amount), 0)
UNION ALL
SELECT account, 'transaction ' || transaction_id, currency, 0, sum(amount)
FROM ledger_entries
GROUP BY account, transaction_id, currency
HAVING sum(amount) <> 0
UNION ALL
SELECT coalesce(p.account, l.account), 'position of trade ' || coalesce(p.trade_id, l.trade_id),
  coalesce(p.asset, l.currency), coalesce(p.size, 0), coalesce(l.amount, 0)
FROM (
  SELECT t.account, t.trade_id, coalesce(i.base, t.symbol) AS asset,
    CASE t.side WHEN 'buy' THEN 1 ELSE -1 END * (t.size - t.closed_size) AS size
  FROM trades t
  LEFT JOIN instruments i ON i.venue = t.venue AND i.symbol = t.symbol
  WHERE t.state = 'open'
) p
FULL JOIN (
  SELECT e.account, e.trade_id, e.currency, sum(e.amount) AS amount
  FROM ledger_entries e
  JOIN trades t ON t.trade_id = e.trade_id
  LEFT JOIN instruments i ON i.venue = t.venue AND i.symbol = t.symbol
  WHERE e.ledger_account = 'position' AND e.currency = coalesce(i.base, t.symbol)
  GROUP BY e.account, e.trade_id, e.currency
  HAVING sum(e.amount) <> 0
) l ON l.trade_id = p.trade_id AND l.currency = p.asset
WHERE coalesce(p.size, 0) <> coalesce(l.amount, 0);

-- Fills that wait for the entry they close.
CREATE VIEW unbooked_fills AS
SELECT * FROM fills WHERE NOT booked;
