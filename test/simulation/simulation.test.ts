/**
 * Proves that no crash between any two steps of stream and sink, no zombie and no cut of the log
 * into chunks leaves anything behind: tables and topics are those of a run in peace, row for row.
 * `npx tsx test/simulation/run.ts --seeds 5000` runs many more.
 */
import { describe, expect, test } from 'vitest';
import { compareChunks, simulate, type Sabotage, type Simulated } from './simulate.ts';

const FIRST_SEED = 1;
const SEEDS = 200;
const BLOCK = 50;
const ROWS_MIN = 650;

const hits = new Map<string, number>();
const seen = { zombies: 0, fenced: 0, kinds: new Set<string>(), verdicts: new Set<string>() };

/** The whole worker waits for a simulation: between two of them others may do something. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function note({ hits: own, outcome, reference }: Simulated): void {
  for (const [hit, times] of own) hits.set(hit, (hits.get(hit) ?? 0) + times);
  seen.zombies += outcome.zombies;
  seen.fenced += outcome.fenced;
  for (const topic of ['signals', 'fills']) {
    for (const { value } of reference.log.topic(topic)) {
      const { kind, state, reason } = JSON.parse(String(value)) as Record<string, string>;
      seen.kinds.add(kind === 'fill' ? `fill ${reason}` : [kind, state].join(' ').trim());
    }
  }
  for (const row of reference.tables.get('quality_events')?.values() ?? []) {
    seen.verdicts.add((JSON.parse(row) as { kind: string }).kind);
  }
}

const blocks = Array.from({ length: SEEDS / BLOCK }, (_, i) => FIRST_SEED + i * BLOCK);

describe('crashes and zombies', () => {
  test.each(blocks)('leave nothing behind, from seed %i on', { timeout: 120_000 }, async (from) => {
    for (let seed = from; seed < from + BLOCK; seed++) {
      const simulated = await simulate(seed);
      expect(simulated.violations, `seed ${seed}`).toEqual([]);
      expect(simulated.rows, `rows of seed ${seed}`).toBeGreaterThan(ROWS_MIN);
      note(simulated);
      await breathe();
    }
  });

  test('have come at every call, before, during and behind its effect', () => {
    const tables = ['ticks', 'quotes', 'heartbeats', 'quality_events', 'candles'];
    const inParts = ['append', ...[...tables, 'features', 'predictions'].map((t) => `write ${t}`)];
    const whole = [
      'claim',
      'save',
      'load',
      'query',
      'waitApplied',
      'modelHeld',
      'controlsPassed',
      'stored',
    ];
    const calls = [...inParts, ...whole].flatMap((name) => [`${name} before`, `${name} after`]);
    const all = [...calls, ...inParts.map((name) => `${name} during`)];
    expect([...hits.keys()].toSorted()).toEqual(all.toSorted());
    expect(seen.zombies, 'zombies').toBeGreaterThan(SEEDS);
    expect(seen.fenced, 'of which some have tried to save').toBeGreaterThan(SEEDS / 4);
  });

  test('had something to spoil: every verdict, and every way in which a signal can go', () => {
    const verdicts = ['correction', 'future', 'gap', 'late', 'malformed'];
    expect([...seen.verdicts].toSorted()).toEqual(verdicts);
    const ends = ['signal', 'signal_end expired', 'signal_end rejected'];
    const fills = ['signal', 'stop_loss', 'take_profit', 'expiry'].map((how) => `fill ${how}`);
    expect([...seen.kinds].toSorted()).toEqual([...ends, ...fills].toSorted());
  });

  test('are the same for the same seed', async () => {
    const [one, other] = [await simulate(FIRST_SEED), await simulate(FIRST_SEED)];
    expect([...one.hits]).toEqual([...other.hits]);
    expect(one.outcome).toEqual(other.outcome);
  });
});

describe('the cut of the log into chunks', () => {
  test.each([1, 2, 17])('of at most %i records changes nothing', async (chunk) => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 5; seed++) {
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
    for (let seed = FIRST_SEED; seed < FIRST_SEED + BLOCK && !noticed; seed++) {
      noticed = (await simulate(seed, sabotage)).violations.length > 0;
    }
    expect(noticed).toBe(true);
  });
});
