/** Mutations of features, models, their training and their gate. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const split = testsIn('test/learning/split.test.ts', 'splitting rows by time');
const gate = testsIn('test/learning/gate.test.ts', 'the gate');
const baseline = testsIn('test/learning/baseline.test.ts', 'the baseline');
const model = testsIn(
  'test/learning/lightgbm-model.test.ts',
  'a LightGBM model read from its text',
);
const quality = testsIn('test/integration/quality.int.test.ts', 'the data-quality job');
const replay = testsIn('test/pipelines/quality/replay.test.ts', 'a replay');

const OVERLAP = 'never trains on a label that reaches into its test, nor tests what it trained on';

export const LEARNING_MUTATIONS: readonly Mutation[] = [
  mutation(
    'feature-of-another-timeframe',
    {
      file: 'test/features/features-oracle.test.ts',
      name: 'rsi_14_5m equals what pandas and TA-Lib compute',
    },
    'src/features/features.ts',
    `'5m': { series: series['5m'],`,
    `'5m': { series: series['1m'],`,
  ),
  mutation(
    'replay-blind-to-values',
    replay('finds one value that differs, a row too many, and one that is missing'),
    'pipelines/quality/replay.ts',
    'if (Object.is(was, is)) return;',
    'if ((was === null) === (is === null)) return;',
  ),
  mutation(
    'replay-takes-history',
    quality('a replay gives what was served of q-history, clocks and labels too'),
    'src/questdb/tables/ticks.ts',
    `(origin IS NULL OR (origin = 'import' AND came_by IS NULL))`,
    '(true)',
  ),
  mutation(
    'history-written-again',
    quality('history that is stored already stays what it was, known when it was'),
    'pipelines/sink/late-events.ts',
    `if (judged.verdict === 'late' && late.isHistory) {`,
    'if (late.isHistory) {',
  ),
  mutation(
    'known-as-soon-as-passed',
    {
      file: 'test/pipelines/quality/look-ahead.test.ts',
      name: 'one microsecond before that is a finding, with the time from which it holds',
    },
    'pipelines/quality/look-ahead.ts',
    'Math.max(passedAt, ticksKnownAt)',
    'Math.max(passedAt, 0 * ticksKnownAt)',
  ),
  {
    name: 'no-purge',
    patches: [
      {
        file: 'src/learning/split.ts',
        find: 'row.labelEndTs >= testFromTs',
        replace: 'row.labelEndTs < row.decidedTs',
      },
      {
        file: 'src/learning/split.ts',
        find: 'row.labelEndTs + embargoUs >= testFromTs',
        replace: 'row.decidedTs + embargoUs >= testFromTs',
      },
    ],
    breaks: split(OVERLAP),
  },
  mutation(
    'no-embargo',
    split('leaves a label and an embargo between training and the holdout'),
    'src/learning/split.ts',
    'row.labelEndTs + embargoUs >= testFromTs',
    'row.labelEndTs + embargoUs < row.decidedTs',
  ),
  mutation(
    'no-margin',
    gate('asks for the margin also of what is beyond chance'),
    'src/learning/gate.ts',
    'passed: gain > 0 && gain >= margin,',
    'passed: gain > 0,',
  ),
  mutation(
    'chance-not-asked',
    gate('does not take one lucky day for many'),
    'src/learning/gate.ts',
    'passed: pValue <= settings.level,',
    'passed: pValue <= 1,',
  ),
  mutation(
    'rounding-is-a-gain',
    gate('refuses a candidate that says what the champion says, rounding aside'),
    'src/learning/gate.ts',
    'Math.abs(difference) > ROUNDING * theirs ? difference : 0',
    'Math.abs(difference) > 0 * theirs ? difference : 0',
  ),
  mutation(
    'baseline-learns-too-soon',
    baseline('uses an outcome no sooner than its horizon has passed'),
    'src/learning/baseline.ts',
    'const horizonSteps = Math.ceil(state.horizonUs / stepUs);',
    'const horizonSteps = Math.ceil(state.horizonUs / stepUs) - 1;',
  ),
  mutation(
    'threshold-goes-right',
    model('sends a value equal to the threshold to the left'),
    'src/learning/forest.ts',
    'd = (links[2 * d + 1]! + Number(values[links[2 * d]!]! <= thresholds[d]!)) | 0;',
    'd = (links[2 * d + 1]! + Number(values[links[2 * d]!]! < thresholds[d]!)) | 0;',
  ),
  mutation(
    'pool-of-what-comes',
    testsIn(
      'test/learning/pool.test.ts',
      'the rows of a pool',
    )('are over an embargo before the test rows, and in order of time'),
    'src/learning/pool.ts',
    'if (row.labelEndTs + embargoUs < testFromTs) over',
    'if (row.decidedTs < testFromTs) over',
  ),
  mutation(
    'pool-speaks-for-one',
    testsIn(
      'test/learning/pool.test.ts',
      'a training with a pool',
    )('takes it where it tells more, and stays judged on its own rows'),
    'src/learning/train.ts',
    '...models, ...classPrior(rows, fold.train, settings.halfLifeDays)',
    '...classPrior(rows, fold.train, settings.halfLifeDays), ...models',
  ),
  mutation(
    'ensemble-is-a-sum',
    testsIn(
      'test/learning/seed-ensemble.test.ts',
      'the mean of several LightGBM models',
    )('scores the mean of their raw scores, in LightGBM and here'),
    'src/learning/seed-ensemble.ts',
    'Number(word) / share',
    'Number(word)',
  ),
  mutation(
    'forest-outweighs',
    testsIn(
      'test/learning/seed-ensemble.test.ts',
      'the mean of several LightGBM models',
    )('scores the mean of their raw scores, where some are forests and others boosted'),
    'src/learning/seed-ensemble.ts',
    'isForest(each.head) ? each.trees.length : 1',
    'isForest(each.head) ? 1 : 1',
  ),
  mutation(
    'forest-is-a-sum',
    model('takes the mean of the trees of a random forest'),
    'src/learning/lightgbm-model.ts',
    'isForest(head) ? (row: Row) => sum(row) / trees.length : sum;',
    'isForest(head) ? (row: Row) => sum(row) : sum;',
  ),
  mutation(
    'forest-by-what-is-asked',
    testsIn(
      'test/learning/kinds.test.ts',
      'a training with a forest',
    )('stays a forest whatever is asked of boosted trees'),
    'src/learning/train.ts',
    '{ ...DEFAULT_PARAMS, ...requested, ...own };',
    '{ ...DEFAULT_PARAMS, ...own, ...requested };',
  ),
];
