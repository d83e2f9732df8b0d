-- Signals, orders, fills, trades and the ledger. Every time is event time; no wall clock in a row.
-- No foreign keys between records of two topics: they arrive in any order. Amounts are exact.

CREATE TABLE instruments (
  venue text NOT NULL,
  symbol text NOT NULL,
  base text NOT NULL,
  -- Null where the symbol names no quote currency: then prices are in the account's.
  quote text,
  pip_size numeric,
  first_ts timestamptz,
  PRIMARY KEY (venue, symbol)
);

CREATE TABLE accounts (
  account text PRIMARY KEY,
  currency text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('paper', 'live', 'backtest', 'optimisation')),
  opening_balance numeric NOT NULL DEFAULT 0,
  -- Always the sum of the account's cash entries; `account_breaks` lists where it is not.
  balance numeric NOT NULL DEFAULT 0,
  -- In the account's currency, per UTC day of event time; null: no limit.
  daily_loss_limit numeric CHECK (daily_loss_limit > 0),
  number text,
  broker text,
  server text
);

CREATE TABLE bots (
  bot text PRIMARY KEY,
  account text NOT NULL REFERENCES accounts,
  status text NOT NULL CHECK (status IN ('on', 'off')),
  strategy text NOT NULL,
  -- The settings whole, as the newest control record has them.
  config jsonb NOT NULL,
  heartbeat_at timestamptz
);

CREATE TABLE signals (
  signal_id text PRIMARY KEY,
  prediction_id text NOT NULL,
  feature_id text NOT NULL,
  model_id text NOT NULL,
  bot text NOT NULL,
  account text NOT NULL,
  strategy text NOT NULL,
  timeframe text NOT NULL,
  venue text NOT NULL,
  symbol text NOT NULL,
  ts timestamptz NOT NULL,
  decided_ts timestamptz NOT NULL,
  known_at timestamptz NOT NULL,
  direction text NOT NULL CHECK (direction IN ('buy', 'sell')),
  entry numeric NOT NULL,
  stop_loss numeric NOT NULL,
  take_profit numeric NOT NULL,
  risk_reward numeric NOT NULL,
  size numeric NOT NULL,
  confidence double precision NOT NULL,
  expires_at timestamptz NOT NULL,
  reason text NOT NULL,
  indicators jsonb NOT NULL,
  state text NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'executed', 'rejected', 'expired', 'cancelled')),
  state_reason text,
  state_ts timestamptz,
  result text CHECK (result IN ('win', 'loss', 'breakeven')),
  trade_id text,
  content_sha256 bytea NOT NULL
);
CREATE INDEX signals_decided ON signals (decided_ts DESC);
CREATE INDEX signals_instrument ON signals (venue, symbol, decided_ts);
CREATE INDEX signals_prediction ON signals (prediction_id);

-- How a signal ended without a fill, kept apart: the two records may come in either order.
CREATE TABLE signal_ends (
  signal_id text PRIMARY KEY,
  venue text NOT NULL,
  symbol text NOT NULL,
  ts timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN ('executed', 'rejected', 'expired', 'cancelled')),
  reason text NOT NULL,
  content_sha256 bytea NOT NULL
);

-- What the grader says of a signal at tick precision, traded or not.
CREATE TABLE signal_outcomes (
  signal_id text NOT NULL,
  label_spec text NOT NULL,
  state text NOT NULL CHECK (state IN ('matured', 'void')),
  void_reason text,
  entry_ts timestamptz,
  entry_price double precision,
  exit_ts timestamptz,
  exit_price double precision,
  forward_return double precision,
  touched text CHECK (touched IN ('stop', 'target', 'expiry')),
  result text CHECK (result IN ('win', 'loss', 'breakeven')),
  label_known_at timestamptz NOT NULL,
  PRIMARY KEY (signal_id, label_spec)
);

CREATE TABLE orders (
  order_id text PRIMARY KEY,
  trade_id text NOT NULL,
  signal_id text,
  account text NOT NULL,
  bot text,
  venue text NOT NULL,
  symbol text NOT NULL,
  intent text NOT NULL CHECK (intent IN ('entry', 'exit')),
  side text NOT NULL CHECK (side IN ('buy', 'sell')),
  order_type text NOT NULL CHECK (order_type IN ('market', 'limit', 'stop')),
  mode text NOT NULL,
  state text NOT NULL CHECK (state IN ('filled')),
  filled_size numeric NOT NULL,
  average_price numeric NOT NULL,
  first_fill_at timestamptz NOT NULL,
  last_fill_at timestamptz NOT NULL
);
CREATE INDEX orders_trade ON orders (trade_id);

CREATE TABLE fills (
  venue text NOT NULL,
  account text NOT NULL,
  fill_id text NOT NULL,
  order_id text NOT NULL,
  trade_id text NOT NULL,
  signal_id text,
  prediction_id text,
  model_id text,
  bot text,
  symbol text NOT NULL,
  ts timestamptz NOT NULL,
  intent text NOT NULL CHECK (intent IN ('entry', 'exit')),
  side text NOT NULL CHECK (side IN ('buy', 'sell')),
  order_type text NOT NULL CHECK (order_type IN ('market', 'limit', 'stop')),
  price numeric NOT NULL CHECK (price > 0),
  size numeric NOT NULL CHECK (size > 0),
  fee numeric NOT NULL,
  fee_currency text NOT NULL,
  -- Units of the account's currency for one unit of the quote currency.
  fx_rate numeric NOT NULL CHECK (fx_rate > 0),
  liquidity text NOT NULL CHECK (liquidity IN ('maker', 'taker')),
  mode text NOT NULL,
  reason text NOT NULL,
  -- False while the entry that it closes is not here yet: then nothing is in the ledger.
  booked boolean NOT NULL,
  content_sha256 bytea NOT NULL,
  PRIMARY KEY (venue, account, fill_id)
);
CREATE INDEX fills_trade ON fills (trade_id);
CREATE INDEX fills_ts ON fills (ts);

CREATE TABLE trades (
  trade_id text PRIMARY KEY,
  account text NOT NULL,
  bot text,
  venue text NOT NULL,
  symbol text NOT NULL,
  side text NOT NULL CHECK (side IN ('buy', 'sell')),
  state text NOT NULL CHECK (state IN ('open', 'closed')),
  opened_at timestamptz NOT NULL,
  closed_at timestamptz,
  entry_price numeric NOT NULL,
  exit_price numeric,
  -- What was opened; `closed_size` of it is closed.
  size numeric NOT NULL,
  closed_size numeric NOT NULL,
  entry_value numeric NOT NULL,
  exit_value numeric NOT NULL,
  -- Prices, fees and P&L are in `currency`, the quote currency of the instrument.
  currency text NOT NULL,
  fees numeric NOT NULL,
  gross_pnl numeric NOT NULL,
  net_pnl numeric NOT NULL,
  -- The same in the account's currency, at the rates of the fills: what the balance moved by.
  account_pnl numeric NOT NULL,
  pips numeric,
  exit_reason text,
  entry_logic text,
  exit_logic text,
  stop_loss numeric,
  take_profit numeric,
  strategy text,
  timeframe text,
  confidence double precision,
  mode text NOT NULL CHECK (mode IN ('paper', 'live', 'backtest', 'optimisation')),
  ticket text,
  signal_id text,
  prediction_id text,
  model_id text,
  -- One id through prediction, signal, orders, fills and trade.
  correlation_id text NOT NULL,
  metadata jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX trades_open ON trades (account) WHERE state = 'open';
CREATE INDEX trades_closed ON trades (account, closed_at) WHERE state = 'closed';
CREATE INDEX trades_signal ON trades (signal_id);

-- Double entry: per transaction and currency the amounts sum to zero. Debits are positive.
CREATE TABLE ledger_entries (
  transaction_id text NOT NULL,
  line integer NOT NULL,
  account text NOT NULL,
  ledger_account text NOT NULL
    CHECK (ledger_account IN ('cash', 'position', 'trading', 'fees', 'capital')),
  currency text NOT NULL,
  amount numeric NOT NULL CHECK (amount <> 0),
  ts timestamptz NOT NULL,
  trade_id text,
  description text NOT NULL,
  PRIMARY KEY (transaction_id, line)
);
CREATE INDEX ledger_entries_account ON ledger_entries (account, ledger_account, currency);
CREATE INDEX ledger_entries_trade ON ledger_entries (trade_id);

-- Operational: a row per booking that moved something, so it depends on how batches fell.
CREATE TABLE account_snapshots (
  snapshot_id bigserial PRIMARY KEY,
  account text NOT NULL,
  ts timestamptz NOT NULL,
  currency text NOT NULL,
  balance numeric NOT NULL,
  -- Null until open positions are valued at the market.
  equity numeric,
  margin numeric,
  free_margin numeric,
  open_positions integer NOT NULL,
  volume numeric NOT NULL,
  account_pnl numeric NOT NULL
);
CREATE INDEX account_snapshots_account ON account_snapshots (account, ts);

-- Closed trades by UTC day of their close, in the account's currency.
CREATE TABLE daily_performance (
  account text NOT NULL,
  bot text NOT NULL,
  day date NOT NULL,
  trades integer NOT NULL,
  winners integer NOT NULL,
  losers integer NOT NULL,
  gross_profit numeric NOT NULL,
  gross_loss numeric NOT NULL,
  net_pnl numeric NOT NULL,
  win_rate double precision NOT NULL,
  profit_factor double precision,
  PRIMARY KEY (account, bot, day)
);

CREATE TABLE bot_performance (
  bot text NOT NULL,
  ts timestamptz NOT NULL,
  trades integer NOT NULL,
  win_rate double precision,
  profit_factor double precision,
  sharpe double precision,
  max_drawdown double precision,
  metrics jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (bot, ts)
);
