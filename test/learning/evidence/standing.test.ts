/** Where shadows and champions stand behind their sessions, and against whom. */
import { expect, test } from 'vitest';
import { COMPONENTS } from '../../../src/learning/evidence/lag-tracks.ts';
import type { SessionValues } from '../../../src/learning/evidence/sessions.ts';
import {
  championAfter,
  NEW_CHAMPION,
  NEW_SHADOW,
  shadowAfter,
  shadowAgainst,
  type ShadowStanding,
} from '../../../src/learning/evidence/standing.ts';

/** A session in which every component grew by the same factor. */
const session = (growth: number, rival: string | null = null): SessionValues => ({
  ...{ sessionTs: 0, latenessUs: 0, bets: 100, gain: 1, rival },
  logs: COMPONENTS.map(() => Math.log(growth)),
});
const evidence = ({ logEvidence }: ShadowStanding): number => Math.exp(logEvidence);
const after = (
  ...days: readonly { champion: number; base: number; rival?: string | null }[]
): ShadowStanding =>
  days.reduce(
    (standing, { champion, base, rival = null }) =>
      shadowAfter(standing, { champion: session(champion, rival), base_rate: session(base) }),
    NEW_SHADOW,
  );

test('the lesser evidence counts, and three low looks in succession are counted', () => {
  expect(evidence(after({ champion: 8, base: 3 }))).toBeCloseTo(3, 12);
  expect(evidence(after({ champion: 8, base: 3 }, { champion: 0.25, base: 9 }))).toBeCloseTo(2, 12);
  const low = { champion: 0.2, base: 1 };
  expect(after(low).lowLooks).toBe(1);
  expect(after(low, { champion: 1, base: 1 }).lowLooks).toBe(2);
  expect(after(low, { champion: 2, base: 1 }).lowLooks).toBe(0);
  expect(after(low, { champion: 2, base: 1 }, low)).toMatchObject({ lowLooks: 1, sessions: 3 });
});

test('what was won against one champion does not count against the next', () => {
  const won = { champion: 30, base: 30, rival: 'old' };
  expect(evidence(after(won))).toBeCloseTo(30, 10);
  const standing = after(won, { champion: 2, base: 2, rival: 'new' });
  expect(evidence(standing)).toBeCloseTo(2, 10);
  // Against the class prior it goes on.
  expect(Math.exp(standing.processes.base_rate[0] ?? 0)).toBeCloseTo(60, 10);
});

test('also before a session has ended under the next one', () => {
  const standing = after({ champion: 30, base: 30, rival: 'old' });
  expect(evidence(shadowAgainst(standing, 'old'))).toBeCloseTo(30, 10);
  expect(evidence(shadowAgainst(standing, 'new'))).toBe(1);
});

test('what was lost against one champion stays lost', () => {
  const lost = after({ champion: 0.1, base: 5, rival: 'old' });
  expect(evidence(shadowAgainst(lost, 'new'))).toBeCloseTo(0.1, 10);
});

test('where the baseline decides again, what was won against a champion counts', () => {
  const won = after({ champion: 30, base: 40, rival: 'old' });
  expect(evidence(shadowAgainst(won, null))).toBeCloseTo(30, 10);
  expect(evidence(shadowAgainst(shadowAgainst(won, null), 'new'))).toBe(1);
});

test('a shadow that has seen no session yet has nothing to lose', () => {
  expect(shadowAgainst(NEW_SHADOW, 'now')).toMatchObject({ logEvidence: 0, rival: 'now' });
});

test('the detector of a champion begins anew at each session and adds up', () => {
  const one = championAfter(NEW_CHAMPION, session(1));
  expect(Math.exp(one.logAlarm)).toBeCloseTo(1, 12);
  // (1 + 1) * 3, then (6 + 1) * 0.5.
  const two = championAfter(one, session(3));
  expect(Math.exp(two.logAlarm)).toBeCloseTo(6, 12);
  expect(Math.exp(championAfter(two, session(0.5)).logAlarm)).toBeCloseTo(3.5, 12);
  expect(two).toMatchObject({ sessions: 2, bets: 200, gain: 2 });
});
