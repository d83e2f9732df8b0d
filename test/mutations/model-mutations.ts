/** Mutations of who decides, and of what a training set may know. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const CHANGE = 'src/learning/model-change.ts';
const POLICY = 'pipelines/review/promotion-policy.ts';
const EVIDENCE = 'src/learning/evidence';
const JOIN = 'pipelines/dataset/join.ts';
const registry = testsIn('test/learning/model-change.test.ts', 'the registry');
const back = testsIn('test/learning/model-change.test.ts', 'what is taken back');
const shadow = testsIn('test/pipelines/review/promotion-policy.test.ts', 'a shadow');
const champion = testsIn('test/pipelines/review/promotion-policy.test.ts', 'a champion');
const bets = testsIn('test/pipelines/review/live-bets.test.ts', 'a shadow bets');
const sessions = testsIn('test/pipelines/review/live-bets.test.ts', 'sessions');
const fair = testsIn(
  'test/learning/evidence/evidence.test.ts',
  'under "no better" the mean over all outcomes is at most 1',
);
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
    'four-shadows',
    registry('has three shadows at a time, and only a candidate becomes one'),
    CHANGE,
    'if (!hasPlace(registry)) {',
    `if (!hasPlace(registry) && state !== 'candidate') {`,
  ),
  mutation(
    'vetoed-rows-count',
    bets('on no row on which either was vetoed, or of which the champion knew nothing'),
    'pipelines/review/live-bets.ts',
    "verdict === 'ok' && decided.has(ts) &&",
    'verdict !== null && decided.has(ts) &&',
  ),
  mutation(
    'loser-keeps-its-place',
    shadow('that has lost at three looks in succession is withdrawn'),
    POLICY,
    'if (standing.lowLooks >= lowLooks) {',
    'if (standing.lowLooks >= lowLooks && standing.sessions > 100) {',
  ),
  mutation(
    'promoted-before-it-has-paid',
    shadow('is promoted once its evidence pays its loan, and says by how much'),
    `${EVIDENCE}/loans.ts`,
    'logEvidence >= neededEvidence(ledger, loan) - ROUNDING;',
    'logEvidence >= neededEvidence(ledger, loan) - 1;',
  ),
  mutation(
    'differences-clipped-from-below',
    fair('a candidate that is too sure: its many small gains are paid by few large losses'),
    `${EVIDENCE}/bets.ts`,
    'gain: up === 1 ? ifUp : ifDown,',
    'gain: Math.max(-0.2, up === 1 ? ifUp : ifDown),',
  ),
  mutation(
    'bets-open-when-somebody-looks',
    sessions('are days that have ended, and no bet is open at their end'),
    `${EVIDENCE}/sessions.ts`,
    'const lastStep = lengthUs / STEP_US - tracks;',
    'const lastStep = lengthUs / STEP_US;',
  ),
  mutation(
    'label-bet-on-twice',
    sessions('decisions of one minute share a label: the first one bets'),
    `${EVIDENCE}/sessions.ts`,
    'if (step >= lastStep || placed.at(-1)?.step === step) continue;',
    'if (step >= lastStep) continue;',
  ),
  mutation(
    'won-against-one-counts-against-the-next',
    {
      file: 'test/learning/evidence/standing.test.ts',
      name: 'what was won against one champion does not count against the next',
    },
    `${EVIDENCE}/standing.ts`,
    'if (isSame || logEvidence(champion) <= 0) return { ...standing, rival };',
    'if (isSame || logEvidence(champion) <= 99) return { ...standing, rival };',
  ),
  mutation(
    'bets-before-its-loan',
    sessions('the first may begin in the middle: only what was decided from then on counts'),
    `${EVIDENCE}/sessions.ts`,
    'if (decidedTs < fromTs || startTs + lengthUs > untilTs) continue;',
    'if (startTs + lengthUs <= fromTs || startTs + lengthUs > untilTs) continue;',
  ),
  mutation(
    'refused-and-fitted-again',
    testsIn(
      'test/learning/train.test.ts',
      'a candidate from a market with an edge that is not linear',
    )('that does not pass is not fitted again'),
    'src/learning/train.ts',
    'const isRefit = request.refit === true && verdict.passed;',
    'const isRefit = request.refit === true;',
  ),
  mutation(
    'withdrawn-gives-back-what-it-lost',
    {
      file: 'test/learning/evidence/loans.test.ts',
      name: 'a shadow gives back no more than its loan, and nothing if it has lost all',
    },
    `${EVIDENCE}/loans.ts`,
    'loan * Math.min(1, Math.exp(logEvidence))',
    'loan * Math.max(1, Math.exp(logEvidence))',
  ),
  mutation(
    'waits-without-a-reason',
    {
      file: 'test/learning/waiting.test.ts',
      name: 'candidates behind three shadows say who holds the places, and how many come first',
    },
    'src/learning/waiting.ts',
    "if (state !== 'candidate') return null;",
    "if (state !== 'candidate' || passed === true) return null;",
  ),
  mutation(
    'never-demoted',
    champion('goes to the baseline when the alarm is raised, not before'),
    POLICY,
    'return standing.logAlarm >= Math.log(alarmAt)',
    'return standing.logAlarm >= alarmAt',
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
