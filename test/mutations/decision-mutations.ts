/** Mutations of what is decided and booked: predictions, signals, fills, labels, the ledger. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const LABELS = 'pipelines/labels/labels.ts';
const FILLS = 'pipelines/stream/fills.ts';
const SIGNALS = 'pipelines/stream/signals.ts';
const BOOKING = 'src/postgres/tables/booking.ts';
const chain = testsIn('test/pipelines/stream/stream.test.ts', 'the chain of an instrument');
const labels = testsIn('test/pipelines/labels/labels.test.ts', 'labels');
const grades = testsIn('test/pipelines/grades/grades.test.ts', 'grades of signals');
const fills = testsIn('test/pipelines/stream/fills.test.ts', 'fills');
const signals = testsIn('test/pipelines/stream/signals.test.ts', 'signals');
const traders = testsIn('test/pipelines/stream/signals.test.ts', 'who trades');
const seeded = testsIn('test/integration/seed.int.test.ts', 'the first bots');
const predictions = testsIn('test/pipelines/stream/predictions.test.ts', 'predictions');
const ledger = testsIn('test/money/entries.test.ts', 'the ledger');
const booking = testsIn('test/integration/booking.int.test.ts', 'booking');

const DECIDED = 'a decision is dated by the tick that showed it, never by the end of its candle';
const ONCE = 'signal and fills give the same rows in any order, once or three times';
const HALF_WAY = 'a batch that fails half way leaves nothing behind, its position least of all';

export const DECISION_MUTATIONS: readonly Mutation[] = [
  mutation(
    'decided-at-the-end-of-the-candle',
    chain(DECIDED),
    'pipelines/stream/features.ts',
    'decided_ts: moment.decidedTs,',
    'decided_ts: endTs,',
  ),
  mutation(
    'known-before-the-record',
    chain(DECIDED),
    'pipelines/stream/features.ts',
    'known_at: moment.knownAt,',
    'known_at: endTs,',
  ),
  mutation(
    'label-entry-at-the-decision',
    labels('entry is strictly behind the decision, exit at or before the end of the horizon'),
    LABELS,
    'at(prices, entryAt).ts <= decision.decidedTs',
    'at(prices, entryAt).ts < decision.decidedTs',
  ),
  mutation(
    'grade-entry-that-leaves',
    grades('the tick that enters never leaves'),
    'pipelines/grades/grades.ts',
    `      this.entry = price;
      return;`,
    `      this.entry = price;`,
  ),
  mutation(
    'grade-by-what-was-not-known',
    grades('a price at the decision itself is no entry, one known too late no price'),
    'pipelines/grades/grades.ts',
    'if (price.knownAt <= knownBy) walk.take(price);',
    'walk.take(price);',
  ),
  mutation(
    'grade-without-its-gaps',
    grades('void: no entry or no end in time, nothing but the entry, a gap on the way'),
    'pipelines/grades/grades.ts',
    "return isGap ? 'gap' : walk.touchedBy(entry, exit);",
    'return walk.touchedBy(entry, exit);',
  ),
  mutation(
    'label-exit-behind-the-horizon',
    labels('entry is strictly behind the decision, exit at or before the end of the horizon'),
    LABELS,
    'at(prices, exitAt + 1).ts <= endTs',
    'at(prices, exitAt + 1).ts <= endTs + 1',
  ),
  mutation(
    'label-before-its-time',
    labels('nothing is labelled before the stream has passed the horizon and the lateness'),
    LABELS,
    'shownBy(endTs + latenessUs)',
    'shownBy(endTs)',
  ),
  mutation(
    'label-by-a-price-not-yet-known',
    labels('a price that was known only after the label does not count'),
    LABELS,
    'for (let i = to; i >= from; i--) if (at(prices, i).knownAt <= by) return i;',
    'for (let i = to; i >= from; i--) return i + 0 * by;',
  ),
  mutation(
    'label-over-a-gap',
    labels('void when entry and exit are one tick, or a gap touches the interval'),
    LABELS,
    'toTs > decidedTs',
    'toTs > exitTs',
  ),
  mutation(
    'unchanged-is-up',
    labels('an unchanged price is not up'),
    LABELS,
    'up: last.price > first.price ? 1 : 0',
    'up: last.price >= first.price ? 1 : 0',
  ),
  mutation(
    'fill-at-the-latency',
    fills('an order fills at the first tick strictly behind its latency'),
    FILLS,
    'tick.ts > position.effectiveTs',
    'tick.ts >= position.effectiveTs',
  ),
  mutation(
    'fill-without-crossing',
    fills('quotes are crossed: bought at the ask, sold at the bid'),
    FILLS,
    `return side === 'buy' ? tick.ask : tick.bid;`,
    'return tick.price;',
  ),
  mutation(
    'slippage-in-our-favour',
    fills('slippage makes every market price worse, never better'),
    FILLS,
    `side === 'buy' ? factor.plus(1) : factor.neg().plus(1)`,
    `side === 'sell' ? factor.plus(1) : factor.neg().plus(1)`,
  ),
  mutation(
    'expired-order-waits-on',
    fills('a signal without a tick until it expires ends as expired, by tick or by watermark'),
    FILLS,
    '} else if (tick.ts > signal.expires_at) {',
    '} else if (tick.ts > signal.expires_at + 1_000_000) {',
  ),
  mutation(
    'halt-ignored',
    signals('do not come while the account is halted'),
    SIGNALS,
    'if (!input.flat(bot.bot) || input.halted(account, prediction.decided_ts)) continue;',
    'if (!input.flat(bot.bot)) continue;',
  ),
  mutation(
    'everybody-trades-the-baseline',
    traders('a bot for champions leaves the baseline to the control group, and the reverse'),
    SIGNALS,
    "acts_on === undefined || (acts_on === 'baseline') === (champion === null);",
    "acts_on !== 'baseline' || champion === null;",
  ),
  mutation(
    'forced-champion-traded',
    traders('a champion put in by force is traded by no bot for champions, and that is told'),
    SIGNALS,
    "if (acts_on === 'champions' && champion?.passed === false) {",
    "if (acts_on === 'baseline' && champion?.passed === false) {",
  ),
  mutation(
    'replay-in-the-live-account',
    traders('decisions far behind the clock of the log are booked in the account of replays'),
    'src/domain/control.ts',
    'return isReplay && replay_account !== undefined ? replay_account : account;',
    'return isReplay && replay_account !== undefined ? account : account;',
  ),
  mutation(
    'missing-rate-told-each-minute',
    traders('a missing rate is told once, and then at most once an hour, with the count'),
    SIGNALS,
    'if (ts < of.toldTs + REPORT_EVERY_US) return;',
    '',
  ),
  mutation(
    'bot-of-ones-own-overwritten',
    seeded('of an older version stay as they are, changed by a record that only the log has'),
    'src/app/seed.ts',
    "if (newest?.control_id !== 'bot:paper:seed') return false;",
    '',
  ),
  mutation(
    'position-upon-position',
    signals('do not come while the bot holds something'),
    SIGNALS,
    'if (!input.flat(bot.bot) || input.halted(',
    'if (input.halted(',
  ),
  mutation(
    'unsure-model-trades',
    signals('of a model need its confidence, those of the baseline none'),
    SIGNALS,
    'if (confidence < needed) continue;',
    '',
  ),
  mutation(
    'young-champion-trusted-like-an-old-one',
    signals('of a champion that is young need more confidence, until it is exactly as old as that'),
    SIGNALS,
    'return isYoung ? Math.max(min_confidence, young_min_confidence) : min_confidence;',
    'return isYoung ? min_confidence : min_confidence;',
  ),
  mutation(
    'shadow-trades',
    signals('come of the champion alone, and only of sound predictions'),
    SIGNALS,
    `if (prediction.slot !== 'champion' || prediction.verdict !== 'ok') return;`,
    `if (prediction.verdict !== 'ok') return;`,
  ),
  mutation(
    'expired-model-speaks',
    predictions('of a model behind its expiry say so'),
    'pipelines/stream/predictions.ts',
    'feature.decided_ts > model.expiresTs',
    'feature.decided_ts > Infinity * model.expiresTs',
  ),
  mutation(
    'baseline-rests-under-a-champion',
    predictions('keep the baseline learning, whoever is champion'),
    'pipelines/stream/predictions.ts',
    `const baseline = updateBaseline(state, input.feature.ts, input.close);
    const { champion, shadows } = input;`,
    `const { champion, shadows } = input;
    const close = champion === null ? input.close : 0;
    const baseline = updateBaseline(state, input.feature.ts, close);`,
  ),
  mutation(
    'one-sided-entry',
    ledger('of every fill the lines of each currency sum to zero'),
    'src/money/entries.ts',
    `    line('trading', accountCurrency, value),\n`,
    '',
  ),
  mutation(
    'booked-again',
    booking(ONCE),
    'src/postgres/tables/booking-fills.ts',
    'if (there[0] !== undefined) {',
    'if (there[0] === null) {',
  ),
  mutation(
    'a-second-signal-is-new',
    booking('a signal of the same id with another content changes nothing, and is told'),
    'src/postgres/tables/insert.ts',
    'return rowCount === 1;',
    'return rowCount !== null;',
  ),
  mutation(
    'insert-without-on-conflict',
    booking(ONCE),
    'src/postgres/tables/insert.ts',
    "(${places.join(', ')})\n     ON CONFLICT DO NOTHING`,",
    "(${places.join(', ')})`,",
  ),
  mutation(
    'contradiction-passed-over',
    booking('the same id with another content is kept apart and books nothing'),
    'src/postgres/tables/insert.ts',
    'if (rows[0]?.content_sha256.equals(row.content_sha256) === true) return true;',
    'if (rows[0] !== undefined) return true;',
  ),
  mutation(
    'epoch-of-booking',
    booking('a process that lost its partition books nothing'),
    BOOKING,
    'AND partition = $2 AND epoch = $3`,',
    'AND partition = $2 AND $3::bigint >= 0`,',
  ),
  mutation(
    'position-outside-of-its-transaction',
    booking(HALF_WAY),
    BOOKING,
    'const { rowCount } = await client.query(',
    'const { rowCount } = await pool.query(',
  ),
  mutation(
    'halt-only-beyond-the-limit',
    booking('losses of exactly the limit halt until midnight; a cent less does not'),
    'src/money/daily-loss.ts',
    '.gt(new Exact(limit).neg())',
    '.gte(new Exact(limit).neg())',
  ),
  mutation(
    'placeholders-behind-a-gap',
    predictions('of the baseline say that it warms up wherever it has nothing but one half'),
    'pipelines/stream/predictions.ts',
    "const verdict = warmingUp ? 'warming_up' : 'ok';",
    "const verdict = warmingUp && state.matured < 200 ? 'warming_up' : 'ok';",
  ),
];
