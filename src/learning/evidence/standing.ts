/**
 * the sessions of a shadow, or of a champion -> where it stands
 *
 * A shadow has to be better than whoever decides and better than the class prior: the lesser
 * evidence of the two counts. A champion is watched by an e-detector: is the class prior better?
 */
import { addSession, detectSession, logEvidence, NO_ALARM, NO_EVIDENCE } from './e-process.ts';
import { logMeanExp, type ComponentLogs } from './lag-tracks.ts';
import type { SessionValues } from './sessions.ts';

/** What a shadow has to beat. */
export const REFERENCES = ['champion', 'base_rate'] as const;
export type Reference = (typeof REFERENCES)[number];

export interface ShadowStanding {
  /** Sessions that had a bet; each is a look. */
  readonly sessions: number;
  readonly bets: number;
  /** Sum of the gains against each, in nats. */
  readonly gain: Readonly<Record<Reference, number>>;
  readonly processes: Readonly<Record<Reference, ComponentLogs>>;
  /** Logarithm of the lesser e-process. */
  readonly logEvidence: number;
  /** The model that it was last compared with; null: the baseline decided. */
  readonly rival: string | null;
  /** So many looks in succession have found hardly any evidence left. */
  readonly lowLooks: number;
}

/** Evidence that has come down to this says that the shadow is worse. */
const LOW = Math.log(0.2);

export const NEW_SHADOW: ShadowStanding = {
  sessions: 0,
  bets: 0,
  gain: { champion: 0, base_rate: 0 },
  processes: { champion: NO_EVIDENCE, base_rate: NO_EVIDENCE },
  logEvidence: 0,
  rival: null,
  lowLooks: 0,
};

/**
 * What speaks for the shadow against one champion says nothing of the next: when another model
 * decides, its e-process against the champion goes on from 1, if it was above that. (Where the
 * baseline decides again it stays: a champion had to be better than that.) An e-process that is
 * made smaller is one still.
 */
export function shadowAgainst(standing: ShadowStanding, rival: string | null): ShadowStanding {
  const { champion, base_rate } = standing.processes;
  const isSame = rival === null || rival === standing.rival || standing.sessions === 0;
  if (isSame || logEvidence(champion) <= 0) return { ...standing, rival };
  const processes = { champion: NO_EVIDENCE, base_rate };
  return { ...standing, processes, logEvidence: Math.min(0, logEvidence(base_rate)), rival };
}

/** The shadow behind one more session, whose values against both references are of equal bets. */
export function shadowAfter(
  before: ShadowStanding,
  session: Readonly<Record<Reference, SessionValues>>,
): ShadowStanding {
  const { champion, base_rate } = session;
  const standing = shadowAgainst(before, champion.rival);
  const processes = {
    champion: addSession(standing.processes.champion, champion.logs),
    base_rate: addSession(standing.processes.base_rate, base_rate.logs),
  };
  const evidence = Math.min(logEvidence(processes.champion), logEvidence(processes.base_rate));
  return {
    sessions: standing.sessions + 1,
    bets: standing.bets + champion.bets,
    gain: {
      champion: standing.gain.champion + champion.gain,
      base_rate: standing.gain.base_rate + base_rate.gain,
    },
    processes,
    logEvidence: evidence,
    rival: standing.rival,
    lowLooks: evidence <= LOW ? standing.lowLooks + 1 : 0,
  };
}

export interface ChampionStanding {
  readonly sessions: number;
  readonly bets: number;
  /** Sum of what the class prior gained against it, in nats. */
  readonly gain: number;
  readonly detector: ComponentLogs;
  /** Logarithm of the e-detector. */
  readonly logAlarm: number;
}

export const NEW_CHAMPION: ChampionStanding = {
  sessions: 0,
  bets: 0,
  gain: 0,
  detector: NO_ALARM,
  logAlarm: -Infinity,
};

/** The champion behind one more session of bets that the class prior is better. */
export function championAfter(
  standing: ChampionStanding,
  session: SessionValues,
): ChampionStanding {
  const detector = detectSession(standing.detector, session.logs);
  return {
    sessions: standing.sessions + 1,
    bets: standing.bets + session.bets,
    gain: standing.gain + session.gain,
    detector,
    logAlarm: logMeanExp(detector),
  };
}
