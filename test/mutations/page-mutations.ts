/** Mutations of what the page and `/metrics` tell an operator. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const again = testsIn('test/web/again.test.ts', 'what failed once');
const pill = testsIn('test/web/health.test.ts', 'a pill');
const node = testsIn('test/http/node-state.test.ts', 'a node of the flow');
const reported = testsIn('test/metrics.test.ts', 'what processes say of themselves');
const equity = testsIn('test/summaries/account-equity.test.ts', 'equity');

export const PAGE_MUTATIONS: readonly Mutation[] = [
  mutation(
    'empty-for-ever',
    again('two failures are told, and the third try is the last'),
    'src/web/again.ts',
    'if (failure === null) return;',
    'if (failure === null || pauseMs > 0) return;',
  ),
  mutation(
    'loaded-twice',
    again('what was planned for later is done once, when it is begun earlier'),
    'src/web/again.ts',
    '    clearTimeout(this.#timer);\n',
    '',
  ),
  mutation(
    '2014-is-live',
    pill('live with 2014-05-09T20:59:59.000000Z is "data of 2014-05-09"'),
    'src/web/health.ts',
    'nowS - seconds(newest) < LIVE_S',
    'nowS - seconds(newest) > LIVE_S',
  ),
  mutation(
    'dead-process-runs',
    node("control with { alive: Set{ 'stream' } } is not running"),
    'src/http/node-state.ts',
    'if (!facts.alive.has(process))',
    'if (facts.alive.size === 0)',
  ),
  mutation(
    'processes-in-one',
    reported('stands side by side by process and worker'),
    'src/metrics.ts',
    'labels: { ...value.labels, process, worker }',
    'labels: { ...value.labels, process }',
  ),
  mutation(
    'left-out-by-clusters',
    reported("has Node's numbers by the names that dashboards know"),
    'src/metrics.ts',
    ", aggregator: 'first' }",
    ' }',
  ),
  mutation(
    'cash-for-equity',
    equity('leaves out what a short has brought, but for its gain'),
    'src/summaries/account-equity.ts',
    'sum = sum.plus(new Exact(size).times(price.close).times(fx_rate));',
    'sum = sum.plus(0);',
  ),
];
