/**
 * a model -> all the evidence that was ever kept of it, session by session; and the same computed
 * once more from what is stored of predictions and outcomes
 */
import { must } from '../../src/assert.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { formatUs } from '../../src/domain/time.ts';
import { grouped } from '../../src/grouped.ts';
import {
  sessionEnd,
  sessionLength,
  sessionValues,
  type TimedBet,
} from '../../src/learning/evidence/sessions.ts';
import { heldTenures, type HeldTenure } from '../../src/postgres/tables/reviews.ts';
import {
  championStanding,
  shadowStanding,
  storedSessions,
  type StoredSession,
} from '../../src/postgres/tables/verdict-values.ts';
import { liveOutcomes } from '../../src/questdb/tables/live-outcomes.ts';
import type { Context } from '../../src/runtime/context.ts';
import { championBets, shadowBets, toOutcome, type BetRules } from './live-bets.ts';

/** A stretch in one slot: as a shadow, or as champion. */
export interface TenureVerdict extends HeldTenure {
  readonly sessions: readonly (StoredSession & {
    /** Logarithm of the evidence (of a champion: of the alarm) behind this session. */
    readonly log_evidence: number;
  })[];
}

/** Oldest first; empty: no session has ended while it was a shadow or champion. */
export async function modelVerdict(
  { postgres }: Pick<Context, 'postgres'>,
  modelId: string,
): Promise<TenureVerdict[]> {
  const verdicts: TenureVerdict[] = [];
  for (const tenure of await heldTenures(postgres, modelId)) {
    const sessions = await storedSessions(postgres, tenure.controlId);
    if (sessions.length === 0) continue;
    verdicts.push({
      ...tenure,
      sessions: sessions.map((session) => {
        const until = sessions.filter(({ sessionTs }) => sessionTs <= session.sessionTs);
        const log_evidence =
          tenure.slot === 'champion'
            ? championStanding(until).logAlarm
            : shadowStanding(until, null).logEvidence;
        return { ...session, log_evidence };
      }),
    });
  }
  return verdicts;
}

/** What of these values is not what the stored rows come to, in sentences; none: all holds. */
export async function checkVerdict(
  context: Pick<Context, 'questdbReader'>,
  verdicts: readonly TenureVerdict[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const verdict of verdicts) {
    const kept = new Set(verdict.sessions.map(sessionName));
    // Where the setting was changed, each stretch is computed with what held then.
    for (const stretch of grouped(verdict.sessions, ({ latenessUs }) => latenessUs).values()) {
      const again = new Map(
        (await recompute(context, verdict, stretch)).map((each) => [sessionName(each), each]),
      );
      for (const session of stretch) {
        const other = again.get(sessionName(session));
        const why = other === undefined ? NOT_STORED : difference(session, other);
        if (why !== null) wrong.push(`${sessionName(session)}: ${why}`);
      }
      const missing = [...again.keys()].filter((name) => !kept.has(name));
      wrong.push(...missing.map((name) => `${name}: it is not kept, and has bets`));
    }
  }
  return wrong;
}

const NOT_STORED = 'its rows are not stored (retention drops what is past its age)';

/** The sessions of a stretch that were made with one lateness. */
async function recompute(
  { questdbReader }: Pick<Context, 'questdbReader'>,
  verdict: TenureVerdict,
  stretch: readonly StoredSession[],
): Promise<StoredSession[]> {
  const { venue, symbol, labelSpec, slot, modelId, baseProbability } = verdict;
  const { horizonUs } = parseLabelSpec(labelSpec);
  const latenessUs = must(stretch[0]).latenessUs;
  const sessionUs = sessionLength(horizonUs, latenessUs);
  const starts = stretch.map(({ sessionTs }) => sessionTs);
  const untilTs = Math.max(...starts) + sessionUs;
  const first = Math.min(...starts);
  // With another lateness before, the first may have begun where the last of those ended.
  const before = verdict.sessions.filter(
    (each) => each.latenessUs !== latenessUs && each.sessionTs <= first,
  );
  const fromTs = Math.max(
    verdict.fromTs,
    first,
    ...before.map((each) => sessionEnd(each, horizonUs)),
  );
  const rows = await liveOutcomes(
    questdbReader(),
    { venue, symbol },
    {
      labelSpec,
      slots: [...new Set(['champion', slot])],
      // One session more: by its returns the first one's are scored.
      fromUs: Math.max(0, first - sessionUs),
      decidedByUs: untilTs,
    },
  );
  const outcomes = (of: string) => rows.filter((row) => row.slot === of).map(toOutcome);
  const rules: BetRules = { labelSpec, baseProbability, sessionUs };
  const again = (
    bets: readonly TimedBet[],
    reference: StoredSession['reference'],
    side: StoredSession['side'],
  ): StoredSession[] =>
    sessionValues(bets, { horizonUs, latenessUs, fromTs, untilTs, side }).map((session) => ({
      ...session,
      reference,
      side,
    }));
  if (slot === 'champion') {
    const own = outcomes(slot).filter(({ decidedTs }) => decidedTs >= verdict.fromTs);
    return again(championBets(own, modelId, rules), 'base_rate', 'reference');
  }
  const bets = shadowBets(outcomes(slot), outcomes('champion'), rules);
  return [
    ...again(bets.champion, 'champion', 'candidate'),
    ...again(bets.base_rate, 'base_rate', 'candidate'),
  ];
}

const sessionName = ({ sessionTs, reference, side }: StoredSession): string =>
  `${formatUs(sessionTs).slice(0, 10)} against ${reference}${side === 'reference' ? ', reversed' : ''}`;

/** Sums of thousands of bets may differ in their last digits, by the order of their rows. */
const TOLERANCE = 1e-9;

function difference(kept: StoredSession, again: StoredSession): string | null {
  if (kept.rival !== again.rival) {
    return `the rival kept is ${kept.rival ?? 'none'}, the rows have ${again.rival ?? 'none'}`;
  }
  if (kept.bets !== again.bets) return `${kept.bets} bets are kept, the rows have ${again.bets}`;
  if (Math.abs(kept.gain - again.gain) > TOLERANCE) {
    return `a gain of ${kept.gain} is kept, the rows come to ${again.gain}`;
  }
  const at = again.logs.findIndex(
    (log, i) => !(Math.abs(log - (kept.logs[i] ?? NaN)) <= TOLERANCE),
  );
  if (at < 0) return null;
  return `component ${at + 1} has grown by ${kept.logs[at]}, the rows come to ${again.logs[at]}`;
}
