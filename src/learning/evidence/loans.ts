/**
 * one ledger for the installation: how much evidence each shadow needs, and which may be promoted
 *
 * Whoever tries often enough finds something by chance. So each shadow that is admitted gets a loan
 * of the 5 % that may be wrong, smaller from one to the next; a shadow is promoted when its loan
 * times its evidence, times the number of promotions with it, reaches 1. Then at every moment, of
 * all promotions ever made, at most 5 % are expected to be false. What a withdrawn shadow has not
 * lost goes into a pot, and later shadows get a share of it. Xu and Ramdas (2024), "Online multiple
 * testing with e-values", with counts as they stand when somebody looks.
 */
import { assert } from '../../assert.ts';

/** Of all promotions ever made so many are expected to be false, at most. */
export const FALSE_SHARE = 0.05;
/** What a new loan takes of the pot. */
const POT_SHARE = 0.1;
/** Sum over k from 1 of 1 / ((k + 1) ln^2(k + 1)): the shares of all loans add up to 1. */
const TOTAL = 2.109742801236892;

/** Counts of the whole installation, since its beginning. */
export interface LoanLedger {
  /** Shadows that were admitted so far. */
  readonly admitted: number;
  readonly promotions: number;
  /** What withdrawn shadows gave back and nobody has been lent since. */
  readonly pot: number;
}

export const NEW_LEDGER: LoanLedger = { admitted: 0, promotions: 0, pot: 0 };

export interface OpenLoan {
  readonly loan: number;
  /** Logarithm of the least of its e-processes: it has to beat all. */
  readonly logEvidence: number;
}

/** The loan of the next shadow, and the ledger with it. */
export function admit(ledger: LoanLedger): { readonly loan: number; readonly ledger: LoanLedger } {
  const admitted = ledger.admitted + 1;
  const fromPot = POT_SHARE * ledger.pot;
  const loan = FALSE_SHARE * shareOfLoan(admitted) + fromPot;
  return { loan, ledger: { ...ledger, admitted, pot: ledger.pot - fromPot } };
}

/** The ledger with what a withdrawn shadow gives back: its loan, as far as it has not lost it. */
export function withdraw(ledger: LoanLedger, { loan, logEvidence }: OpenLoan): LoanLedger {
  return { ...ledger, pot: ledger.pot + loan * Math.min(1, Math.exp(logEvidence)) };
}

/** The ledger with one promotion more. */
export const promote = (ledger: LoanLedger): LoanLedger => ({
  ...ledger,
  promotions: ledger.promotions + 1,
});

/**
 * Whether a shadow may be promoted: its evidence pays its loan, with the promotion counted. Only
 * one is promoted at a time; whoever promotes another asks again, of the ledger behind the first.
 */
export const isPaid = (ledger: LoanLedger, { loan, logEvidence }: OpenLoan): boolean =>
  logEvidence >= neededEvidence(ledger, loan) - ROUNDING;

/** What a shadow of this loan needs to be promoted, as the logarithm of its evidence. */
export const neededEvidence = ({ promotions }: LoanLedger, loan: number): number =>
  -Math.log(loan) - Math.log(promotions + 1);

const ROUNDING = 1e-12;

/** The share of the k-th loan; all of them add up to 1. */
function shareOfLoan(k: number): number {
  assert(Number.isSafeInteger(k) && k >= 1, `loan number ${k}`);
  const log = Math.log(k + 1);
  return 1 / ((k + 1) * log * log) / TOTAL;
}
