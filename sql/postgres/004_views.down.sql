DROP VIEW unbooked_fills;
DROP VIEW account_breaks;
DROP VIEW open_positions;
DROP VIEW trade_explained;
DROP FUNCTION model_live_at(text, text, timestamptz);
