/**
 * The views and functions of PostgreSQL for `docs/sql.md`. A view's columns cannot be read from the
 * migrations, so they are declared here; an integration test compares them with PostgreSQL's own
 * catalogue.
 */
export interface OwnColumns {
  readonly is: string;
  /** Column -> its type and what it means. */
  readonly columns: Readonly<Record<string, readonly [type: string, meaning: string]>>;
}

export interface SameColumns {
  readonly is: string;
  /** The table that it has the columns of. */
  readonly sameColumnsAs: string;
}

export type View = OwnColumns | SameColumns;

const AS_IN_TRADES = 'As in `trades`.';
const AS_IN_SIGNALS = 'As in `signals`.';

export const VIEWS: Readonly<Record<string, View>> = {
  trade_explained: {
    is: 'A trade with the signal, model and fills behind it.',
    columns: {
      trade_id: ['text', AS_IN_TRADES],
      account: ['text', AS_IN_TRADES],
      bot: ['text', AS_IN_TRADES],
      venue: ['text', AS_IN_TRADES],
      symbol: ['text', AS_IN_TRADES],
      side: ['text', AS_IN_TRADES],
      state: ['text', AS_IN_TRADES],
      opened_at: ['timestamptz', AS_IN_TRADES],
      closed_at: ['timestamptz', AS_IN_TRADES],
      entry_price: ['numeric', AS_IN_TRADES],
      exit_price: ['numeric', AS_IN_TRADES],
      size: ['numeric', AS_IN_TRADES],
      fees: ['numeric', AS_IN_TRADES],
      gross_pnl: ['numeric', AS_IN_TRADES],
      net_pnl: ['numeric', AS_IN_TRADES],
      currency: ['text', AS_IN_TRADES],
      exit_reason: ['text', AS_IN_TRADES],
      signal_id: ['text', AS_IN_TRADES],
      signal_decided_ts: ['timestamptz', 'Event time of the decision.'],
      signal_reason: ['text', 'Why the bot wanted it.'],
      confidence: ['double precision', AS_IN_SIGNALS],
      signal_entry: ['numeric', 'The price at the decision.'],
      stop_loss: ['numeric', AS_IN_SIGNALS],
      take_profit: ['numeric', AS_IN_SIGNALS],
      indicators: ['jsonb', AS_IN_SIGNALS],
      prediction_id: ['text', AS_IN_TRADES],
      feature_id: ['text', AS_IN_SIGNALS],
      model_id: ['text', AS_IN_TRADES],
      model_state: ['text', 'Where the model stands now.'],
      dataset_id: ['text', 'The training set of the model.'],
      signal_to_fill_s: ['numeric', 'Seconds from the decision to the entry.'],
      holding_s: ['numeric', 'Seconds from the entry to the exit.'],
      fills: ['jsonb', 'Its fills, oldest first.'],
    },
  },
  open_positions: {
    is: 'What is open.',
    columns: {
      account: ['text', AS_IN_TRADES],
      bot: ['text', AS_IN_TRADES],
      venue: ['text', AS_IN_TRADES],
      symbol: ['text', AS_IN_TRADES],
      side: ['text', AS_IN_TRADES],
      size: ['numeric', 'What is still open.'],
      entry_price: ['numeric', AS_IN_TRADES],
      currency: ['text', AS_IN_TRADES],
      stop_loss: ['numeric', AS_IN_TRADES],
      take_profit: ['numeric', AS_IN_TRADES],
      opened_at: ['timestamptz', AS_IN_TRADES],
      trade_id: ['text', AS_IN_TRADES],
      signal_id: ['text', AS_IN_TRADES],
    },
  },
  account_breaks: {
    is: 'Where the books do not agree with themselves; a sound installation has no row here.',
    columns: {
      account: ['text', 'The account.'],
      what: ['text', 'What does not agree: the balance, a transaction, a position.'],
      currency: ['text', 'The currency or asset.'],
      expected: ['numeric', 'What it should be.'],
      found: ['numeric', 'What it is.'],
    },
  },
  unbooked_fills: { is: 'Fills that wait for the entry that they close.', sameColumnsAs: 'fills' },
  model_changes: {
    is: 'Every change of the model registry, newest first (`npx tickloom models log`).',
    columns: {
      audit_id: ['bigint', 'As in `audit_log`.'],
      at: ['timestamptz', 'As in `audit_log`.'],
      event_ts: ['text', 'Event time of the change.'],
      actor: ['text', 'As in `audit_log`.'],
      action: ['text', 'As in `audit_log`.'],
      model_id: ['text', 'The model.'],
      reason: ['text', 'As in `audit_log`.'],
      venue: ['text', 'The venue.'],
      symbol: ['text', 'The symbol.'],
      label_spec: ['text', 'What the model predicts.'],
      forced: ['boolean', 'Whether the gate was passed over.'],
      before: ['jsonb', 'The champion, and the state of the model, before it.'],
      after: ['jsonb', 'The same after it.'],
      records: ['jsonb', 'The control records that it sent.'],
    },
  },
};

export const FUNCTIONS: readonly (readonly [call: string, gives: string])[] = [
  [
    'model_live_at(venue, symbol, label_spec, ts)',
    'the champion at a moment, as text; `baseline@1` where no model was in force',
  ],
  [
    'model_live_at(venue, symbol, ts)',
    'a row for each model in force at a moment, shadows too: label_spec, slot, model_id, from_ts, ' +
      'until_ts',
  ],
];
