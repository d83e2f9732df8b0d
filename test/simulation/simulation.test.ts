/**
 * Proves that no crash between any two steps of stream and sink, no zombie, no rebalance and no cut
 * of the log into chunks leaves anything behind: tables and topics are those of a run in peace, row
 * for row. `npx tsx test/simulation/run.ts --seeds 5000` runs many more.
 */
import { describe, expect, test } from 'vitest';
import { noteSeed, nothingSeen, unmet } from './seen.ts';
import { compareChunks, simulate, type Sabotage } from './simulate.ts';

const FIRST_SEED = 0;
const SEEDS = 500;
const BLOCK = 50;
const COMPARED_MIN = 150;

const seen = nothingSeen();

const blocks = Array.from({ length: SEEDS / BLOCK }, (_, i) => FIRST_SEED + i * BLOCK);

describe('crashes, zombies and rebalances', () => {
  test.each(blocks)('leave nothing behind, from seed %i on', { timeout: 120_000 }, async (from) => {
    for (let seed = from; seed < from + BLOCK; seed++) {
      const simulated = await simulate(seed);
      expect(simulated.violations, `seed ${seed}`).toEqual([]);
      expect(simulated.compared, `rows and records of seed ${seed}`).toBeGreaterThan(COMPARED_MIN);
      noteSeed(seen, seed, simulated);
    }
  });

  test('have come at every call and had everything to spoil that there is', () => {
    expect(unmet(seen)).toEqual([]);
    expect(seen.zombies, 'zombies').toBeGreaterThan(SEEDS);
    expect(seen.fenced, 'of which some have tried to save').toBeGreaterThan(SEEDS / 4);
  });

  test('are the same for the same seed', async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 5; seed++) {
      const [one, other] = [await simulate(seed), await simulate(seed)];
      expect([...one.hits]).toEqual([...other.hits]);
      expect(one.outcome).toEqual(other.outcome);
    }
  });
});

describe('the cut of the log into chunks', () => {
  test.each([1, 2, 17])('of at most %i records changes nothing', async (chunk) => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 50; seed += 10) {
      expect(await compareChunks(seed, chunk), `seed ${seed}`).toEqual([]);
    }
  });
});

describe('the simulation notices', () => {
  const broken: [string, Partial<Sabotage>][] = [
    ['a checkpoint store that lets zombies save', { isFenced: false }],
    ['a checkpoint without the states of instruments', { keepsStates: false }],
    ['stale ticks that are judged by rows not yet applied', { appliesOnWait: false }],
  ];
  test.each(broken)('%s', { timeout: 120_000 }, async (_, sabotage) => {
    let noticed = false;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 50 && !noticed; seed++) {
      noticed = (await simulate(seed, sabotage)).violations.length > 0;
    }
    expect(noticed).toBe(true);
  });
});
