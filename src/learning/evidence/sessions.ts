/**
 * what two models predicted of the same decisions, and what came of them -> the bets of each
 * session, and how much each component's capital has grown by them
 *
 * A session is a UTC day, or as many as the horizon needs. Its last label length places no bet:
 * whoever looks at its end finds nothing open, so that looks can be at any session and as many as
 * one likes.
 */
import { US_PER_DAY, US_PER_MIN } from '../../domain/time.ts';
import { reversedBet, type Bet } from './bets.ts';
import { sessionLogs, trackCount, type ComponentLogs } from './lag-tracks.ts';

export interface TimedBet {
  /** When the decision could be made; the session is by this. */
  readonly decidedTs: number;
  readonly bet: Bet;
  /** The model that is bet against; absent or null: the class prior, or the baseline. */
  readonly rival?: string | null;
}

/** What one session says of two models. */
export interface SessionValues {
  /** Its beginning. */
  readonly sessionTs: number;
  /** The lateness that it was made with: tracks and length follow from it. */
  readonly latenessUs: number;
  readonly bets: number;
  /** Sum of the gains, in nats. */
  readonly gain: number;
  /** The model that the last of them was against; null: the class prior, or the baseline. */
  readonly rival: string | null;
  /** Logarithm of the growth of each component, in the order of `COMPONENTS`. */
  readonly logs: ComponentLogs;
}

export interface SessionRange {
  readonly horizonUs: number;
  readonly latenessUs: number;
  /** Decisions from here on count, in the middle of a session too. */
  readonly fromTs: number;
  /** Sessions that have ended by then count: the moment of the look. */
  readonly untilTs: number;
  /** Whose side: the evidence that the candidate is the better, or that the reference is. */
  readonly side: 'candidate' | 'reference';
}

/** Of the decisions of one minute the first bets: the others share its label. */
const STEP_US = US_PER_MIN;
/** A session is at least so many times as long as a label takes, so that few rows are left out. */
const LABELS_A_SESSION = 4;

/** Length of a session: a day for every horizon up to some six hours. */
export const sessionLength = (horizonUs: number, latenessUs: number): number =>
  US_PER_DAY * Math.ceil((LABELS_A_SESSION * (horizonUs + latenessUs)) / US_PER_DAY);

/** When a session was over that was made with whatever lateness. */
export const sessionEnd = (
  { sessionTs, latenessUs }: Pick<SessionValues, 'sessionTs' | 'latenessUs'>,
  horizonUs: number,
): number => sessionTs + sessionLength(horizonUs, latenessUs);

/** The sessions of the range that hold a bet. `bets` in order of `decidedTs`. */
export function sessionValues(bets: readonly TimedBet[], range: SessionRange): SessionValues[] {
  const { horizonUs, latenessUs, fromTs, untilTs, side } = range;
  const lengthUs = sessionLength(horizonUs, latenessUs);
  const tracks = trackCount(horizonUs, latenessUs, STEP_US);
  const lastStep = lengthUs / STEP_US - tracks;
  const values: SessionValues[] = [];
  let placed: Placed[] = [];
  let sessionTs = -Infinity;
  const close = (): void => {
    if (placed.length > 0) values.push(valuesOfSession(sessionTs, placed, { latenessUs, tracks }));
    placed = [];
  };
  for (const { decidedTs, bet, rival = null } of bets) {
    const startTs = Math.floor(decidedTs / lengthUs) * lengthUs;
    if (decidedTs < fromTs || startTs + lengthUs > untilTs) continue;
    if (startTs !== sessionTs) close();
    sessionTs = startTs;
    const step = Math.floor((decidedTs - startTs) / STEP_US);
    if (step >= lastStep || placed.at(-1)?.step === step) continue;
    placed.push({ step, bet: side === 'candidate' ? bet : reversedBet(bet), rival });
  }
  close();
  return values;
}

interface Placed {
  readonly step: number;
  readonly bet: Bet;
  readonly rival: string | null;
}

function valuesOfSession(
  sessionTs: number,
  placed: readonly Placed[],
  { latenessUs, tracks }: { readonly latenessUs: number; readonly tracks: number },
): SessionValues {
  const gain = placed.map(({ bet }) => bet.gain);
  const logs = sessionLogs(
    { step: placed.map(({ step }) => step), gain, mostLost: placed.map(({ bet }) => -bet.least) },
    tracks,
  );
  return {
    sessionTs,
    latenessUs,
    bets: placed.length,
    gain: gain.reduce((sum, one) => sum + one, 0),
    rival: placed.at(-1)?.rival ?? null,
    logs,
  };
}
