-- NaN is above every number here, so `price > 0` lets it pass, and one such fill makes a balance
-- NaN for ever. Rows that are there already are left as they are.
ALTER TABLE fills ADD CONSTRAINT fills_finite CHECK (
  price < 'Infinity' AND size < 'Infinity' AND fx_rate < 'Infinity'
  AND fee > '-Infinity' AND fee < 'Infinity') NOT VALID;
