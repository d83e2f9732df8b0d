-- What an account is for, in words: one of a control group says so wherever accounts are listed.
ALTER TABLE accounts ADD COLUMN description text NOT NULL DEFAULT '';

-- Why a candidate waits, in a sentence; null: it is none.
ALTER TABLE models ADD COLUMN waits_because text;

-- What a bot would trade and may not, once for each cause, with how many decisions it was.
CREATE TABLE signal_refusals (
  bot text NOT NULL,
  account text NOT NULL,
  venue text NOT NULL,
  symbol text NOT NULL,
  cause text NOT NULL CHECK (cause IN ('no_rate', 'not_passed')),
  reason text NOT NULL,
  first_ts timestamptz NOT NULL,
  -- Of the decision that was told last; those of up to an hour behind it are not counted yet.
  last_ts timestamptz NOT NULL,
  decisions bigint NOT NULL CHECK (decisions > 0),
  PRIMARY KEY (bot, account, venue, symbol, cause)
);
