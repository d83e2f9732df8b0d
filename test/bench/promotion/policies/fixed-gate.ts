/**
 * A candidate is judged once, on its holdout, at p <= 0.025 against the champion and the class
 * prior, and promoted at once. A daily look takes it back (`champion-slot.ts`).
 */
import { gateGain } from '../block-judge.ts';
import type { Change, Policy } from '../policy.ts';
import { ChampionSlot } from '../champion-slot.ts';

export const fixedGate: Policy = {
  name: 'gate',
  title: 'fixed-sample gate',
  start: (champions, { holdoutDays }) => {
    const thrones = champions.map((champion) => new ChampionSlot(champion));
    return {
      look: (look) => {
        const throne = thrones[look.index]!;
        const ended = throne.review(look);
        if (ended !== null) return [ended];
        const { arrived: model, day, instrument } = look;
        if (model === null) return [];
        if (gateGain(instrument, model, throne.champion, { day, holdoutDays }) === null) return [];
        throne.promote(model, day);
        const promoted: Change = {
          ...{ kind: 'promote', model },
          ...{ judgedFrom: day - holdoutDays + 1, judgedOn: 'holdout' },
        };
        return [promoted];
      },
    };
  },
};
