/** From where models stand to what becomes of them: each rule by its numbers and its words. */
import { describe, expect, test } from 'vitest';
import {
  decide,
  type DecidedShadow,
  type DecideInput,
  type Decision,
} from '../../../pipelines/review/promotion-policy.ts';
import { admit, NEW_LEDGER, promote } from '../../../src/learning/evidence/loans.ts';
import {
  NEW_CHAMPION,
  NEW_SHADOW,
  type ChampionStanding,
  type ShadowStanding,
} from '../../../src/learning/evidence/standing.ts';

const { loan: FIRST_LOAN, ledger: LEDGER } = admit(NEW_LEDGER);
const AT = 1_000;

const shadow = (
  modelId: string,
  evidence: number,
  more: Partial<ShadowStanding & { expiresTs: number | null; loan: number }> = {},
): DecidedShadow => {
  const { expiresTs = null, loan = FIRST_LOAN, ...standing } = more;
  return {
    ...{ modelId, expiresTs, loan },
    standing: {
      ...NEW_SHADOW,
      ...{ sessions: 4, bets: 4_000, logEvidence: Math.log(evidence) },
      ...standing,
    },
  };
};

const champion = (
  alarm: number,
  expiresTs: number | null = null,
): NonNullable<DecideInput['champion']> => {
  const standing: ChampionStanding = {
    ...NEW_CHAMPION,
    ...{ sessions: 9, bets: 9_000, logAlarm: Math.log(alarm) },
  };
  return { modelId: 'now', expiresTs, standing };
};

const decided = (input: Partial<DecideInput>): readonly Decision[] =>
  decide({ atTs: AT, champion: null, shadows: [], waiting: [], ledger: LEDGER, ...input });

/** `a: promote`, in order; `a: -` where nothing is done. */
const deeds = (input: Partial<DecideInput>): string[] =>
  decided(input).map(({ modelId, deed }) => `${modelId}: ${deed ?? '-'}`);

describe('a shadow', () => {
  test('is promoted once its evidence pays its loan, and says by how much', () => {
    // 1 / loan of the first shadow.
    expect(deeds({ shadows: [shadow('a', 40.5)] })).toEqual(['a: -']);
    const [won] = decided({ shadows: [shadow('a', 40.6)] });
    expect(won).toEqual({
      ...{ modelId: 'a', about: 'shadow', deed: 'promote' },
      why:
        'it predicts better than whoever decided and than the class prior, on the same live rows: ' +
        'needs evidence of 40, has 40 after 4 sessions of 4000 outcomes',
    });
  });

  test('needs less the more promotions there have been, and more the smaller its loan', () => {
    const ledger = promote(LEDGER);
    expect(deeds({ ledger, shadows: [shadow('a', 20.3)] })).toEqual(['a: promote']);
    expect(deeds({ ledger, shadows: [shadow('a', 20.2)] })).toEqual(['a: -']);
    const second = { loan: admit(LEDGER).loan };
    expect(deeds({ shadows: [shadow('b', 152, second)] })).toEqual(['b: -']);
    expect(deeds({ shadows: [shadow('b', 153, second)] })).toEqual(['b: promote']);
  });

  test('is the only one that is promoted at a look: the surest', () => {
    const shadows = [shadow('a', 50), shadow('b', 5_000), shadow('c', 60)];
    expect(deeds({ shadows })).toEqual(['a: -', 'b: promote', 'c: -']);
  });

  test('that waits says what it needs, has, and how long that takes at this pace', () => {
    const [on, losing, fresh] = decided({
      shadows: [shadow('a', 12), shadow('b', 0.5), shadow('c', 1, { sessions: 0, bets: 0 })],
    });
    expect(on?.why).toBe(
      'it stays a shadow: needs evidence of 40, has 12 after 4 sessions of 4000 outcomes; ' +
        'at this pace 2 more',
    );
    expect(losing?.why).toBe(
      'it stays a shadow: needs evidence of 40, has 0.5 after 4 sessions of 4000 outcomes',
    );
    expect(fresh?.why).toBe(
      'it stays a shadow: needs evidence of 40, has 1.0 after 0 sessions of 0 outcomes',
    );
  });

  test('that has lost at three looks in succession is withdrawn', () => {
    expect(deeds({ shadows: [shadow('a', 0.1, { lowLooks: 2 })] })).toEqual(['a: -']);
    const [lost] = decided({ shadows: [shadow('a', 0.1, { lowLooks: 3 })] });
    expect(lost).toMatchObject({
      deed: 'reject',
      why: expect.stringMatching(/^it has lost: 3 sessions in succession speak against it: needs/),
    });
  });

  test('that has had its time, or has expired, is withdrawn, however sure', () => {
    expect(deeds({ shadows: [shadow('a', 3, { sessions: 179 })] })).toEqual(['a: -']);
    expect(deeds({ shadows: [shadow('a', 3, { sessions: 180 })] })).toEqual(['a: reject']);
    const sure = 1e6;
    expect(deeds({ shadows: [shadow('a', sure, { expiresTs: AT })] })).toEqual(['a: promote']);
    expect(deeds({ shadows: [shadow('a', sure, { expiresTs: AT - 1 })] })).toEqual(['a: reject']);
    // Nor does it stand in the way of one that has not.
    const both = [shadow('a', sure, { expiresTs: AT - 1 }), shadow('b', 50)];
    expect(deeds({ shadows: both })).toEqual(['a: reject', 'b: promote']);
  });

  test('with evidence beyond what a double holds is promoted, and says so in few digits', () => {
    const [won] = decided({ shadows: [shadow('a', 1, { logEvidence: 5_000 })] });
    expect(won).toMatchObject({ deed: 'promote', why: expect.stringContaining('has 1e2171') });
  });
});

describe('a champion', () => {
  test('goes to the baseline when the alarm is raised, not before', () => {
    expect(decided({ champion: champion(364) })).toEqual([
      {
        ...{ modelId: 'now', about: 'champion', deed: null },
        why:
          'it stays: nothing says that the class prior is better (364 of 365 that raise the ' +
          'alarm, 9 sessions of 9000 outcomes)',
      },
    ]);
    const [gone] = decided({ champion: champion(365.1) });
    expect(gone).toMatchObject({
      deed: 'demote',
      why: expect.stringMatching(/^the class prior predicts better than it: 365 of 365/),
    });
  });

  test('that has expired goes, whatever it is worth', () => {
    expect(deeds({ champion: champion(0, AT) })).toEqual(['now: -']);
    expect(deeds({ champion: champion(0, AT - 1) })).toEqual(['now: expire']);
  });

  test('that is new has said nothing yet', () => {
    const standing = NEW_CHAMPION;
    expect(deeds({ champion: { modelId: 'now', expiresTs: null, standing } })).toEqual(['now: -']);
  });
});

describe('candidates', () => {
  const waiting = ['new', 'older', 'oldest', 'first'].map((modelId) => ({ modelId, gain: 0.1 }));

  test('take the free places, the newest first', () => {
    expect(deeds({ waiting })).toEqual(['new: shadow', 'older: shadow', 'oldest: shadow']);
    expect(deeds({ waiting, shadows: [shadow('a', 2)] })).toEqual([
      ...['a: -', 'new: shadow', 'older: shadow'],
    ]);
  });

  test('take the place of whoever is withdrawn; of a promoted one only where nobody follows', () => {
    const shadows = [shadow('a', 50), shadow('b', 2), shadow('c', 0.1, { lowLooks: 3 })];
    const two = waiting.slice(0, 3);
    expect(deeds({ waiting: two, shadows })).toEqual([
      ...['a: promote', 'b: -', 'c: reject', 'new: shadow', 'older: shadow'],
    ]);
    // The champion that is replaced goes on as a shadow, and one that has expired does not.
    expect(deeds({ waiting: two, shadows, champion: champion(1) })).toEqual([
      ...['now: -', 'a: promote', 'b: -', 'c: reject', 'new: shadow'],
    ]);
    expect(deeds({ waiting: two, shadows, champion: champion(1, AT - 1) })).toEqual([
      ...['now: expire', 'a: promote', 'b: -', 'c: reject', 'new: shadow', 'older: shadow'],
    ]);
  });

  test('outdo a shadow that is not winning and gains less than they promise', () => {
    const gain = { champion: -20, base_rate: 40 };
    const shadows = [shadow('a', 3), shadow('b', 0.7, { gain }), shadow('c', 2)];
    const found = decided({ shadows, waiting: waiting.slice(0, 2) });
    expect(found.map(({ modelId, deed }) => `${modelId}: ${deed ?? '-'}`)).toEqual([
      ...['a: -', 'b: -', 'c: -', 'b: reject', 'new: shadow'],
    ]);
    expect(found[3]?.why).toBe(
      'it makes room: 4 sessions speak more against it than for it, and new did better on its ' +
        'holdout',
    );
    // It gains more than they promise, is on its way, or has not been looked at often enough.
    const none = (weakest: DecidedShadow): void => {
      const three = [shadow('a', 3), weakest, shadow('c', 2)];
      expect(deeds({ shadows: three, waiting })).toEqual(['a: -', 'b: -', 'c: -']);
    };
    none(shadow('b', 0.7, { gain: { champion: 0, base_rate: 401 } }));
    none(shadow('b', 1, { gain }));
    none(shadow('b', 0.7, { gain, sessions: 2 }));
  });

  test('that promise nothing known outdo nobody', () => {
    const shadows = ['a', 'b', 'c'].map((id) => shadow(id, 0.5));
    const unknown = [{ modelId: 'new', gain: null }];
    expect(deeds({ shadows, waiting: unknown })).toEqual(['a: -', 'b: -', 'c: -']);
  });
});
