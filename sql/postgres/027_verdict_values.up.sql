-- Evidence for and against models, session by session: what anybody needs to recompute a verdict.
CREATE TABLE verdict_values (
  -- Of the record that put the model into its slot: evidence begins anew with each.
  control_id text NOT NULL,
  model_id text NOT NULL REFERENCES models,
  -- Against whom: the champion of the time, or the class prior.
  reference text NOT NULL CHECK (reference IN ('champion', 'base_rate')),
  -- Whose bets: candidate, that the model is the better one; reference, that the other is.
  side text NOT NULL CHECK (side IN ('candidate', 'reference')),
  -- Beginning of the session, event time.
  session_ts timestamptz NOT NULL,
  -- What it was made with: its length and its tracks follow from that.
  lateness_us bigint NOT NULL,
  bets integer NOT NULL,
  -- Sum of the bets' gains, nats.
  gain double precision NOT NULL,
  -- The model that the last of them was against; null: the class prior, or the baseline.
  rival text,
  -- Logarithm of the growth of each of the twelve components.
  logs double precision[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (control_id, reference, side, session_ts)
);
CREATE INDEX verdict_values_model ON verdict_values (model_id);

-- The ledger of the installation that keeps false promotions to 5 % of all: each shadow is lent a
-- part of them. Append-only; the newest entry holds the state.
CREATE TABLE promotion_loans (
  entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event text NOT NULL CHECK (event IN ('admit', 'promote', 'withdraw')),
  -- Of the record that made it a shadow.
  control_id text NOT NULL,
  model_id text NOT NULL REFERENCES models,
  -- Event time; null: it was not known.
  event_ts timestamptz,
  loan double precision NOT NULL,
  -- Logarithm of its evidence at that moment.
  log_evidence double precision NOT NULL,
  -- Behind this entry: shadows admitted, models promoted by evidence, and what was given back.
  admitted bigint NOT NULL,
  promotions bigint NOT NULL,
  pot double precision NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX promotion_loans_model ON promotion_loans (model_id, entry_id DESC);
