/**
 * What PostgreSQL's tables, columns and views mean, for `docs/sql.md`. Where nothing stands here,
 * the words of the record that the table holds are taken, or else a comment in the migrations.
 */
type Columns = Readonly<Record<string, string>>;

/** Columns that mean the same wherever they stand. */
export const COMMON: Columns = {
  venue: 'The venue.',
  symbol: 'The symbol.',
  account: 'The account.',
  bot: 'The bot.',
  signal_id: 'The signal.',
  trade_id: 'The trade.',
  order_id: 'The order.',
  prediction_id: 'The prediction, as in `predictions` of QuestDB.',
  model_id: 'The model.',
  dataset_id: 'The training set.',
  label_spec: 'What is predicted or graded, and over which horizon.',
  ts: 'Event time.',
  currency: 'The currency.',
  strategy: 'How the bot decides.',
  timeframe: 'The timeframe of the bot.',
  mode: 'Paper, real, or of a backtest.',
  created_at: 'When the row was made.',
  updated_at: 'When the row was last changed.',
  reason: 'Why, in words.',
  content_sha256: 'Hash of the record: the same id with another content is refused.',
  topic: 'The topic.',
  partition: 'The partition.',
  stop_loss: 'Where a loss is taken.',
  take_profit: 'Where a profit is taken.',
  confidence: 'How sure the model was: the larger of both probabilities.',
  severity: 'How bad it is.',
};

/** For users: what each table holds, and the meanings of columns that say no more in their name. */
export const READ: Readonly<Record<string, { readonly is: string; readonly columns: Columns }>> = {
  instruments: {
    is: 'Instruments that were traded.',
    columns: {
      base: 'The asset that is bought and sold.',
      pip_size: 'Size of a pip; null where it has none.',
      first_ts: 'Time of the first fill.',
    },
  },
  accounts: {
    is: 'Accounts with their cash.',
    columns: {
      currency: 'The currency of the account.',
      opening_balance: 'Cash at the beginning.',
      number: 'The number that the broker gives it.',
      broker: 'The broker.',
      server: 'The server of the broker.',
      description: 'What the account is for, in words.',
    },
  },
  bots: {
    is: 'Paper bots and their settings.',
    columns: {
      status: 'Whether it trades.',
      heartbeat_at: 'When it last reported that it runs.',
    },
  },
  signals: {
    is: 'What bots wanted to do, and what became of it.',
    columns: {
      state: 'Where it stands.',
      state_reason: 'Why it ended so.',
      state_ts: 'When it ended so.',
      result: 'What its trade came to.',
      trade_id: 'The trade that it became.',
      graded: 'Whether `signal_outcomes` has it.',
    },
  },
  signal_ends: {
    is: 'How signals ended that were not filled.',
    columns: {},
  },
  signal_refusals: {
    is: 'What a bot would trade and may not: a row for each cause.',
    columns: {},
  },
  signal_outcomes: {
    is: 'What each signal was worth at tick precision, traded or not.',
    columns: {},
  },
  orders: {
    is: 'Orders that were filled.',
    columns: {
      intent: 'Opens or closes a trade.',
      side: 'Bought or sold.',
      order_type: 'How it was placed.',
      state: 'Only filled orders are here.',
      filled_size: 'Sum of the sizes of its fills.',
      average_price: 'Average price of its fills.',
      first_fill_at: 'Event time of its first fill.',
      last_fill_at: 'Event time of its last fill.',
    },
  },
  fills: {
    is: 'Every fill, once. Numbers are exact.',
    columns: {},
  },
  trades: {
    is: 'Trades, from entry to exit.',
    columns: {
      side: 'Bought or sold at the entry.',
      state: 'Open or closed.',
      opened_at: 'Event time of the entry.',
      closed_at: 'Event time of the exit.',
      entry_price: 'The price of the entry.',
      exit_price: 'The price of the exit.',
      closed_size: 'How much of `size` is closed.',
      entry_value: 'Entry price times size.',
      exit_value: 'Exit price times size.',
      fees: 'Fees of all fills.',
      gross_pnl: 'Profit or loss before fees.',
      net_pnl: 'Profit or loss after fees.',
      currency: 'Of prices, fees, and profit and loss: the quote currency of the instrument.',
      pips: 'Profit or loss in pips.',
      exit_reason: '`stop_loss`, `take_profit` or `expiry`.',
      entry_logic: 'The reason of the entry fill.',
      exit_logic: 'The reason of the exit fill.',
      ticket: 'The order of the entry.',
      metadata: 'Room for more.',
    },
  },
  ledger_entries: {
    is: 'The ledger, in double entry: per transaction and currency the amounts sum to zero.',
    columns: {
      transaction_id: 'What is booked together.',
      line: 'The line within it.',
      ledger_account: 'Which account of the ledger.',
      amount: 'The amount; debits are positive.',
      description: 'What it is for.',
    },
  },
  feature_sets: {
    is: 'Feature sets that were served.',
    columns: { name: 'The name without the hash.', definition: 'All that decides the values.' },
  },
  datasets: {
    is: 'Training sets.',
    columns: {
      sha256: 'Hash of the set.',
      rows: 'How many rows it has.',
      manifest: 'All that decides the set, and the hashes of its files.',
      path: 'Where its files are.',
    },
  },
  models: {
    is: 'The model registry.',
    columns: {
      state: 'Where it stands; see [models.md](models.md).',
      sha256: 'Hash of `artifact`.',
      artifact: 'The model itself.',
      manifest: 'How it was trained.',
      metrics: 'How it does, on the holdout and live.',
      verdict: 'What the gate decided, with its statistics.',
      changed_by: 'The cause of the last change of state.',
      changed_ts: 'Event time of that change, where it was known.',
      waits_because: 'Why a candidate waits, in a sentence; null: it does not.',
    },
  },
  training_runs: {
    is: 'Trainings of ours.',
    columns: {
      run_id: 'The id.',
      state: 'How it ended.',
      as_of: 'Event time of the training: it knows nothing that became known later.',
      detail: 'The numbers of the training.',
      finished_at: 'When it ended.',
    },
  },
  verdict_values: {
    is: 'The evidence for and against models, by session.',
    columns: {
      control_id: 'The record that put the model into its slot; evidence begins anew with each.',
      reference: 'Against whom: `champion`, whoever decided, or `base_rate`, the class prior.',
      side: '`candidate`: bets that the model is better; `reference`: that the other is.',
      session_ts: 'Beginning of the session, event time.',
      lateness_us: 'The lateness that it was made with.',
      bets: 'Decisions that were bet on.',
      gain: 'Sum of the gains of these bets, nats.',
      rival: 'The model that the last of them was against; null: class prior, or baseline.',
      logs: 'Logarithm of the growth of each of the twelve components.',
    },
  },
  promotion_loans: {
    is: 'The ledger that keeps false promotions to 5 % of all; the newest entry holds the state.',
    columns: {
      entry_id: 'The order of the entries.',
      event: 'A shadow was lent its part, was promoted by evidence, or gave back.',
      control_id: 'The record that made the model a shadow.',
      event_ts: 'Event time.',
      loan: 'What the shadow is lent.',
      log_evidence: 'Logarithm of its evidence at that moment.',
      admitted: 'Shadows so far.',
      promotions: 'Promotions by evidence so far.',
      pot: 'What was given back and is not lent again yet.',
    },
  },
  model_activations: {
    is: 'Which model was in force when, in event time.',
    columns: {
      control_id: 'The control record that put it into force.',
      slot: '`champion`, or the id of a shadow model.',
      from_ts: 'From when on it held; null until the log has shown it.',
      until_ts: 'Until when it held; null: it still does.',
    },
  },
  retrain_triggers: {
    is: 'Why models were trained again: every time that a trigger fired, in event time.',
    columns: { kind: 'Which trigger.' },
  },
  job_runs: {
    is: 'Runs of jobs that are not swept (`npx tickloom jobs list`).',
    columns: {
      job: 'The job.',
      due_ts: 'Event time at which it was due.',
      subject: 'Whom it is about, as a rule an instrument.',
      state: 'Where it stands.',
      attempts: 'How often it was tried.',
      detail: 'What came of it.',
      started_at: 'When it was last begun.',
      finished_at: 'When it ended.',
      last_error: 'The message of that try.',
      rest_s: 'How long it rests before the next try, in seconds.',
      run_id: 'The number that people name it by.',
      cause: 'Why the last try gave no result.',
      next_try_at: 'When it is tried again.',
      alive_at: 'When that try last reported that it runs.',
    },
  },
  errors: {
    is: 'What went wrong in a stage or job (`npx tickloom errors list`).',
    columns: {
      error_id: 'The number that people name it by.',
      component: 'The stage or job.',
      code: 'What kind of trouble.',
      message: 'What happened, in words.',
      context: 'What belongs to it.',
      stack: 'Where in the code.',
      state: 'Open or over.',
      occurrences: 'How often it happened.',
      note: 'The note that was given when it was resolved.',
      last_seen_at: 'When it last happened.',
      resolved_at: 'When it was resolved.',
    },
  },
  alerts: {
    is: 'What a person should look at (`npx tickloom alerts list`).',
    columns: {
      alert_id: 'The number that people name it by.',
      alert_key: 'The same key is the same alert.',
      subject: 'Whom it is about.',
      message: 'What is to be looked at.',
      context: 'What belongs to it.',
      state: 'Open, seen, or over.',
      acknowledged_at: 'When somebody acknowledged it.',
    },
  },
  audit_log: {
    is: 'Who changed what, and why.',
    columns: {
      audit_id: 'The number of the change.',
      at: 'When.',
      actor: 'Who.',
      action: 'What was done, such as `setting.change`.',
      subject: 'To what.',
      detail: 'What was before, and after.',
    },
  },
  settings: {
    is: 'What the installation remembers of itself, by name.',
    columns: { name: 'The name.', value: 'The value.' },
  },
  dataset_requests: {
    is: 'Training sets that were requested over HTTP.',
    columns: {
      request: 'What was requested.',
      progress: 'What the job is doing.',
      note: 'Why it found less than is stored, in words.',
      dataset_id: 'The set; null until it is made.',
    },
  },
  dead_letters: {
    is: 'Where dead letters came from; the records are in the topic `dead-letters`.',
    columns: {
      log_offset: 'The offset there.',
      reason: 'Why it is dead, as one word.',
      detail: 'What is wrong, for people.',
      noted_at: 'When it was noted.',
    },
  },
  unknown_kinds: {
    is: 'Record kinds that nobody here knows; their records were skipped.',
    columns: {
      kind: 'The kind.',
      records: 'How many records had it.',
      first_offset: 'Offset of the first one.',
      first_at: 'When the first one came by.',
      last_offset: 'Offset of the newest one.',
      last_at: 'When the newest one came by.',
    },
  },
};

/** Tables for the system itself: shown by name alone. */
export const INTERNAL: Columns = {
  checkpoints: 'positions of the stages in the log',
  operator_state: 'state of the operators, by instrument',
  control_outbox: 'control records on their way into the log',
  control_places: 'where in the log each control record came by',
  control_versions: 'the newest control record of each subject in the log',
  control_scans: 'how far the log was read for that',
  stored_watermarks: 'up to which event time all of an instrument is in QuestDB',
  backfilled: 'ranges of history that were fed and that a job has to look at',
  dataset_entities: 'request rows of training sets',
  dead_letter_counts: 'numbers of dead letters',
  partition_clocks: 'the clock of the log, by partition',
  written_partitions: 'when partitions of QuestDB were last written to',
  process_metrics: 'metrics of the running processes',
  process_marks: 'marks by which a process notices a database that was taken back',
};

/** Tables that are there and that nothing fills. */
export const EMPTY: readonly string[] = [
  'account_snapshots',
  'daily_performance',
  'bot_performance',
];
