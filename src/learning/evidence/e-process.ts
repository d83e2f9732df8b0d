/**
 * growth by sessions -> how much evidence there is, and when it has turned
 *
 * An e-process starts at 1. If the candidate is no better, it is expected to stay at or below 1 at
 * whatever moment somebody looks, so it reaches 20 in at most one of twenty cases, ever. An
 * e-detector starts anew at every session and adds up: it forgets what was good long ago. Choe and
 * Ramdas (2024), "Comparing sequential forecasters"; Shin, Ramdas and Rinaldo (2024),
 * "E-detectors".
 */
import { must } from '../../assert.ts';
import { COMPONENTS, logMeanExp, type ComponentLogs } from './lag-tracks.ts';

/** Nothing has been seen: the e-process stands at 1. */
export const NO_EVIDENCE: ComponentLogs = COMPONENTS.map(() => 0);

/** The e-process behind one more session. */
export const addSession = (process: ComponentLogs, session: ComponentLogs): ComponentLogs =>
  process.map((log, i) => log + must(session[i], 'a component'));

/** Logarithm of the e-process: of the mean over its components. */
export const logEvidence = (process: ComponentLogs): number => logMeanExp(process);

/** Nothing has been seen: the e-detector stands at 0. */
export const NO_ALARM: ComponentLogs = COMPONENTS.map(() => -Infinity);

/** The e-detector behind one more session, of bets that the reference is the better one. */
export const detectSession = (detector: ComponentLogs, session: ComponentLogs): ComponentLogs =>
  detector.map((log, i) => logOfOneMore(log) + must(session[i], 'a component'));

/** log(1 + exp(x)), without overflow. */
const logOfOneMore = (x: number): number =>
  x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
