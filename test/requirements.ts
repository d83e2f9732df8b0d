/**
 * Every number of the project's founding requirements -> what shows it: a test, a command, a table
 * or a file; or the later step in which it becomes true; or why it does not. A test checks that
 * everything named here exists.
 */
export type Answer =
  | { readonly shown: readonly string[] }
  | { readonly later: string }
  | { readonly no: string };

const shown = (...by: string[]): Answer => ({ shown: by });
const later = (step: string): Answer => ({ later: step });

const MONEY = 'money';
const WAYS_IN = 'ways in';
const OPERATIONS = 'operations';

export const REQUIREMENTS: Readonly<Record<string, Answer>> = {
  F1: shown('pipelines/flow.ts', 'test/flow/recorded.int.test.ts'),
  F2: shown(
    'pipelines/sink/sink-task.ts',
    'pipelines/trades/trades.ts',
    'test/flow/recorded.int.test.ts',
  ),
  F3: shown('pipelines/labels/job.ts', 'pipelines/training/job.ts', 'pipelines/retention/job.ts'),
  F4: shown('src/cli/commands/feed.ts', 'src/cli/commands/dataset.ts', 'README.md'),
  F5: shown('package.json', 'docker-compose.yml'),
  A1: shown('pipelines/stream/signals.ts', 'sql/postgres/002_money.up.sql'),
  A2: shown('src/http/routes/signals.ts'),
  A3: later(WAYS_IN),
  A4: shown('src/questdb/tables/training-data.ts', 'src/http/routes/labels.ts'),
  A5: shown('sql/questdb/candles.sql', 'sql/questdb/features.sql'),
  A6: shown('sql/postgres/004_views.up.sql'),
  A7: later(MONEY),
  A8: later(OPERATIONS),
  A9: shown('src/app/money.ts', 'src/http/health.ts'),
  B1: shown('sql/postgres/002_money.up.sql', 'test/flow/recorded.int.test.ts'),
  B2: later(MONEY),
  B3: later(MONEY),
  B4: later(MONEY),
  B5: later(OPERATIONS),
  B6: shown('src/cli/commands/migrate.ts', 'src/postgres/tables/migrate.ts'),
  B7: shown('src/app/money.ts'),
  B8: later(WAYS_IN),
  B9: later(OPERATIONS),
  C1: shown('sql/postgres/002_money.up.sql', 'test/pipelines/stream/fills.test.ts'),
  C2: later(MONEY),
  C3: later(MONEY),
  C4: shown('test/pipelines/stream/stream.test.ts', 'test/flow/faults.long.test.ts'),
  C5: later(OPERATIONS),
  C6: later(MONEY),
  C7: later(OPERATIONS),
  C8: later(OPERATIONS),
  D1: shown('src/postgres/tables/registry.ts', 'src/cli/commands/model-changes.ts'),
  D2: later(OPERATIONS),
  D3: later(OPERATIONS),
  D4: later(OPERATIONS),
  D5: later(OPERATIONS),
  D6: later(OPERATIONS),
  D7: later(OPERATIONS),
  D8: later(WAYS_IN),
  D9: later(OPERATIONS),
  D10: shown('src/http/access.ts'),
  E1: shown('pipelines/labels/labels.ts', 'test/pipelines/labels/labels.test.ts'),
  E2: shown('pipelines/training/job.ts', 'src/postgres/tables/model-source.ts'),
  E3: shown('src/cli/commands/curate.ts', 'test/flow/reports.int.test.ts'),
  E4: shown(
    'src/money/performance.ts',
    'test/money/performance.test.ts',
    'src/questdb/tables/model-outcomes.ts',
  ),
  E5: shown(
    'src/learning/flash-crash.ts',
    'src/learning/recency.ts',
    'src/learning/regime.ts',
    'pipelines/stream/signals.ts',
    'test/pipelines/stream/young-champion.test.ts',
  ),
  E6: shown(
    'pipelines/reports/reports.ts',
    'pipelines/reports/job.ts',
    'test/flow/reports.int.test.ts',
  ),
  E7: later(MONEY),
  X1: shown('sql/questdb/labels.sql', 'test/pipelines/labels/labels.test.ts'),
  X2: shown('pipelines/grades/grades.ts', 'pipelines/grades/job.ts'),
  X3: shown('sql/queries/features_as_of.sql', 'sql/queries/labels_as_of.sql'),
  X4: shown('pipelines/dataset/make.ts', 'pipelines/dataset/verify.ts'),
  X5: shown(
    'pipelines/quality/replay.ts',
    'pipelines/training/job.ts',
    'pipelines/quality/replay-check.ts',
  ),
  X6: shown(
    'src/learning/gate.ts',
    'pipelines/review/promotion-policy.ts',
    'test/pipelines/review/promotion-policy.test.ts',
  ),
  X7: shown('sql/postgres/009_registry.up.sql', 'test/integration/registry.int.test.ts'),
  X8: later(WAYS_IN),
  X9: shown('pipelines/sink/sink.ts', 'test/flow/faults.long.test.ts'),
  X10: shown('pipelines/retention/retention.ts'),
  X11: shown('src/money/entries.ts', 'test/money/entries.test.ts'),
  X12: shown('test/faults/proof.ts', 'test/faults/main.ts'),
};
