/** Mutations of who decides, and of what a training set may know. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const CHANGE = 'src/learning/model-change.ts';
const REVIEW = 'pipelines/review/promotion-policy.ts';
const JOIN = 'pipelines/dataset/join.ts';
const registry = testsIn('test/learning/model-change.test.ts', 'the registry');
const back = testsIn('test/learning/model-change.test.ts', 'what is taken back');
const shadow = testsIn('test/pipelines/review/promotion-policy.test.ts', 'a shadow');
const champion = testsIn('test/pipelines/review/promotion-policy.test.ts', 'a champion');
const request = testsIn(
  'test/pipelines/dataset/join.test.ts',
  'a request has the latest feature row',
);
const decisions = testsIn('test/pipelines/dataset/join.test.ts', 'decisions');

export const MODEL_MUTATIONS: readonly Mutation[] = [
  mutation(
    'promoted-without-the-gate',
    registry('promotes what has not passed the gate only by force, and says what it failed'),
    CHANGE,
    'if (!force && passed !== true) {',
    'if (!force && passed === undefined) {',
  ),
  mutation(
    'expired-and-promoted',
    registry('does not promote what has expired, in event time'),
    CHANGE,
    'if (!force && hasExpired(model, registry.atTs)) {',
    'if (!force && hasExpired(model, null)) {',
  ),
  mutation(
    'rollback-goes-round',
    registry('never goes round: a model that was rolled back is not what a rollback goes to'),
    CHANGE,
    "      model.changedBy === 'promotion' &&\n",
    '',
  ),
  mutation(
    'two-shadows',
    registry('has one shadow at a time, and only a candidate becomes one'),
    CHANGE,
    'if (other !== null) throw',
    'if (other === model) throw',
  ),
  mutation(
    'vetoed-rows-count',
    shadow('does not gain by rows on which either was vetoed'),
    REVIEW,
    "(row) => row.verdict === 'ok' && row.decidedTs >= fromTs && theirs.has(row.ts),",
    '(row) => row.decidedTs >= fromTs && theirs.has(row.ts),',
  ),
  mutation(
    'loser-keeps-its-place',
    shadow('that has lost is ended at once, long before its time is over, and the next one comes'),
    REVIEW,
    'if (lost.passed) {',
    'if (lost.passed && atTs > patienceTs) {',
  ),
  mutation(
    'ended-by-any-bad-luck',
    testsIn(
      'test/pipelines/review/shadow-loss.test.ts',
      'of shadows that are looked at daily for a week',
    )('at most a fifth of those that are equal are ended by chance'),
    REVIEW,
    'const lost = must(byChampion).passed ? must(byChampion) : must(byBase);',
    `const lost = { ...must(byBase), passed: (must(byBase).comparisons?.[0]?.gain ?? 0) > -0.1 };`,
  ),
  mutation(
    'waits-without-a-reason',
    {
      file: 'test/learning/waiting.test.ts',
      name: 'candidates behind a shadow say who holds its place, and how many come before them',
    },
    'src/learning/waiting.ts',
    "if (state !== 'candidate') return null;",
    "if (state !== 'candidate' || passed === true) return null;",
  ),
  mutation(
    'no-cool-down',
    champion('that is rolled back is not followed by a promotion until the cool-down is over'),
    REVIEW,
    'if (atTs < coolUntilTs) {',
    'if (atTs < -coolUntilTs) {',
  ),
  mutation(
    'never-rolled-back',
    champion('that is worse than the base rate on what really happened is rolled back'),
    REVIEW,
    "request: verdict.passed ? { action: 'rollback' } : null, verdict",
    'request: null, verdict',
  ),
  mutation(
    'set-without-its-boundary',
    request('that was decided at or before it, its very moment included'),
    JOIN,
    'r.requested_at >= s.available',
    'r.requested_at > s.available',
  ),
  mutation(
    'set-that-knows-the-future',
    {
      file: 'test/pipelines/dataset/feast.test.ts',
      name: 'Feast #6615: a value that was written after a request does not get into it',
    },
    JOIN,
    'greatest(decided_ts, known_at) AS available',
    'decided_ts AS available',
  ),
  mutation(
    'older-candle-hides-a-newer',
    request('not one that arrived later and describes an earlier candle'),
    JOIN,
    'WHERE place = best AND next IS DISTINCT FROM available',
    'WHERE next IS DISTINCT FROM available',
  ),
  mutation(
    'warming-up-in-the-set',
    decisions('lack what a reason names, the first that applies'),
    JOIN,
    "THEN 'warming_up' END",
    'THEN NULL END',
  ),
  mutation(
    'a-change-taken-back-leaves-the-shadow-silent',
    back('says so in the log: the shadow speaks in its own slot again'),
    CHANGE,
    `if (now.state === 'shadow' || place.state !== 'shadow') continue;`,
    `if (now.state === 'champion' || place.state !== 'shadow') continue;`,
  ),
  mutation(
    'a-change-taken-back-forgets-what-was-replaced',
    back('is exactly what it was, models and slots; and that can be taken back too'),
    CHANGE,
    `      by,
      replaced,
      since,`,
    `      by,
      since,
      ...(replaced === null ? {} : { replaced }),`,
  ),
];
