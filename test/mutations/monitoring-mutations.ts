/** Mutations of what is told of models: outcomes, drift, and what brings a training. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const outcomes = testsIn('test/learning/monitoring.test.ts', 'outcomes of predictions');
const index = testsIn('test/learning/drift.test.ts', 'the population stability index');
const bins = testsIn('test/learning/drift.test.ts', 'the bins of a training set');
const training = testsIn('test/learning/retrain.test.ts', 'a training');
const monitoring = testsIn('test/integration/monitoring.int.test.ts', 'monitoring');

const COUNTED = 'outcomes are those of a brute-force count, by HTTP and on the command line';
const ONCE = 'a planted drift fires once, with its training, and not again while it cools';

export const MONITORING_MUTATIONS: readonly Mutation[] = [
  mutation(
    'vetoed-outcomes-count',
    outcomes('leave out what nobody would have acted on, and say how much that is'),
    'src/learning/monitoring.ts',
    `if (verdict !== 'ok') {`,
    `if (verdict === 'warming_up') {`,
  ),
  mutation(
    'outcomes-of-old-revisions',
    monitoring(COUNTED),
    'src/questdb/tables/model-outcomes.ts',
    'JOIN (SELECT ts, up FROM labels_latest',
    'JOIN (SELECT ts, up FROM labels',
  ),
  mutation(
    'missing-values-do-not-drift',
    index('counts missing values as a bin of their own'),
    'src/learning/drift.ts',
    'const psi = stabilityIndex([...shares, null_share], served);',
    'const psi = stabilityIndex(shares, served);',
  ),
  mutation(
    'every-row-is-evidence-of-drift',
    index('of a slow feature is no drift where chance alone moves it as far'),
    'src/learning/drift.ts',
    'if (psi <= byChance)',
    'if (psi < 0)',
  ),
  mutation(
    'bins-of-rows-that-were-not-trained-on',
    bins('are deciles of the rows that were trained on, and nothing of the others'),
    'src/learning/feature-bins.ts',
    'const sorted = sortedValues(rows, indices, column);',
    'const sorted = sortedValues(rows, Uint32Array.from(rows.keys()), column);',
  ),
  mutation(
    'decay-without-the-error-of-the-gate',
    training('is asked for where the champion gains less than it passed by, beyond both errors'),
    'src/learning/retrain.ts',
    'Math.hypot(promised.standard_error, live.standard_error)',
    'live.standard_error',
  ),
  mutation(
    'no-cool-down-of-triggers',
    monitoring(ONCE),
    'src/learning/retrain.ts',
    'Math.abs(other.firedTs - atTs) >= settings.coolDownUs,',
    'Math.abs(other.firedTs - atTs) >= 0,',
  ),
];
