/** The ledger of loans: its values, and that no way of using it lends more than there is. */
import { expect, test } from 'vitest';
import {
  admit,
  FALSE_SHARE,
  isPaid,
  neededEvidence,
  NEW_LEDGER,
  promote,
  withdraw,
  type LoanLedger,
  type OpenLoan,
} from '../../../src/learning/evidence/loans.ts';
import { must } from '../../../src/assert.ts';
import { randomIndex, seededRandom } from '../../../src/random.ts';

/** Loans of so many shadows, one after the other, when nobody gives anything back. */
function loans(count: number): number[] {
  let ledger: LoanLedger = NEW_LEDGER;
  return Array.from({ length: count }, () => {
    const next = admit(ledger);
    ledger = next.ledger;
    return next.loan;
  });
}

test('loans have the reference values of an independent program', () => {
  const given = loans(10);
  expect(given[0]).toBeCloseTo(0.0246637763118015, 15);
  expect(given[1]).toBeCloseTo(0.00654531166235423, 15);
  expect(given[9]).toBeCloseTo(0.00037470318311068, 15);
});

test('no number of loans comes to more than the false share', () => {
  const sum = loans(200_000).reduce((total, loan) => total + loan, 0);
  expect(sum).toBeLessThan(FALSE_SHARE);
  // The rest is the tail of the series, about 1 / ln(k).
  expect(sum + FALSE_SHARE / Math.log(200_001) / 2.109742801236892).toBeCloseTo(FALSE_SHARE, 6);
});

test('whoever pays the loan may be promoted, and each promotion makes the next easier', () => {
  const paid = (ledger: LoanLedger, loan: number, evidence: number): boolean =>
    isPaid(ledger, { loan, logEvidence: Math.log(evidence) });
  expect(paid(NEW_LEDGER, 0.025, 40)).toBe(true);
  expect(paid(NEW_LEDGER, 0.025, 39.9)).toBe(false);
  expect(paid(promote(NEW_LEDGER), 0.025, 20)).toBe(true);
  expect(paid(promote(NEW_LEDGER), 0.025, 19.9)).toBe(false);
  expect(Math.exp(neededEvidence(promote(NEW_LEDGER), 0.025))).toBeCloseTo(20, 10);
  // Evidence beyond what a double holds.
  expect(isPaid(NEW_LEDGER, { loan: 1e-9, logEvidence: 5000 })).toBe(true);
});

test('what is lent, given back and lent again never comes to more than the false share', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    let ledger: LoanLedger = NEW_LEDGER;
    let open: OpenLoan[] = [];
    // Losses and promotions take what they have; what is open or in the pot could still be lost.
    let lost = 0;
    for (let i = 0; i < 400; i++) {
      if (open.length === 0 || random() < 0.5) {
        const { loan, ledger: next } = admit(ledger);
        ledger = next;
        open.push({ loan, logEvidence: Math.log(2 * random()) });
      } else {
        const gone = must(open[randomIndex(random, open.length)]);
        open = open.filter((each) => each !== gone);
        const before = ledger.pot;
        ledger = withdraw(ledger, gone);
        expect(ledger.pot - before).toBeLessThanOrEqual(gone.loan * (1 + 1e-12));
        lost += gone.loan - (ledger.pot - before);
      }
      const lent = open.reduce((sum, { loan }) => sum + loan, 0);
      expect(lost).toBeGreaterThanOrEqual(-1e-15);
      expect(lent + ledger.pot + lost).toBeLessThan(FALSE_SHARE);
    }
  }
});

test('a shadow gives back no more than its loan, and nothing if it has lost all', () => {
  const { loan, ledger } = admit(NEW_LEDGER);
  const back = (logEvidence: number): number => withdraw(ledger, { loan, logEvidence }).pot;
  expect(back(3)).toBe(loan);
  expect(back(0)).toBe(loan);
  expect(back(Math.log(0.2))).toBeCloseTo(0.2 * loan, 15);
  expect(back(-Infinity)).toBe(0);
});
