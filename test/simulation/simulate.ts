/**
 * seed -> a run of the whole stream and sink under crashes and zombies, held against one in peace
 *
 * Afterwards tables and topics must be what they are without any fault, however the log was cut
 * into chunks. A market and its run in peace serve a few seeds in a row: what differs between them
 * is what goes wrong.
 */
import { randomIndex, seededRandom, type Random } from '../../src/random.ts';
import { contradictions, differences, mistakes, type Result } from './compare.ts';
import { play, SOUND, type Conditions, type Sabotage, type Servers } from './play.ts';
import type { Outcome } from './runner.ts';
import { drawWorld, quietWorld, STRAYS, type World } from './world.ts';

export type { Sabotage } from './play.ts';

/** Seeds in a row with the same market. */
export const SEEDS_A_MARKET = 10;

export interface Simulated {
  /** Empty when everything held. */
  readonly violations: readonly string[];
  readonly hits: ReadonlyMap<string, number>;
  readonly outcome: Outcome;
  /** Rows, and records of derived topics, that were compared. */
  readonly compared: number;
  /** Records of derived topics that came more than once. */
  readonly repeats: number;
  readonly reference: Result;
}

const IN_PEACE: Conditions = {
  chunk: 100_000,
  checkpointShare: 0,
  announcementShare: 0,
  zombieShare: 0,
  crashShare: 0,
  maxCrashes: 0,
  isComplete: true,
  groupTrouble: null,
  stepMs: 0,
};

/** A drawn world under drawn faults, against the same in peace. */
export async function simulate(seed: number, sabotage: Partial<Sabotage> = {}): Promise<Simulated> {
  const { world, began, reference, wrong } = await market(Math.floor(seed / SEEDS_A_MARKET));
  const random = seededRandom(seed ^ 0xc4a5);
  const conditions = drawConditions(random);
  const disturbed = await play(world, conditions, random, began, { ...SOUND, ...sabotage });
  const [wanted, found] = [measureSize(reference), measureSize(disturbed.result)];
  return {
    violations: [
      ...wrong,
      ...contradictions(disturbed.result),
      ...differences(reference, disturbed.result),
      ...disturbed.violations,
    ],
    hits: disturbed.hits,
    outcome: disturbed.outcome,
    compared: wanted.rows + wanted.records,
    repeats: found.records - wanted.records,
    reference,
  };
}

/** The differences between the log taken whole and the log taken in chunks of at most `chunk`. */
export async function compareChunks(seed: number, chunk: number): Promise<readonly string[]> {
  const { world, began, reference } = await market(Math.floor(seed / SEEDS_A_MARKET));
  const cut = await play(world, { ...IN_PEACE, chunk }, seededRandom(seed), began);
  return differences(reference, cut.result);
}

interface Market {
  readonly world: World;
  readonly began: Servers;
  readonly reference: Result;
  /** What the run in peace has done wrong. */
  readonly wrong: readonly string[];
}

let latest: { readonly seed: number; readonly market: Promise<Market> } | null = null;

function market(seed: number): Promise<Market> {
  if (latest?.seed !== seed) latest = { seed, market: playInPeace(seed) };
  return latest.market;
}

async function playInPeace(seed: number): Promise<Market> {
  begun ??= playQuietHours();
  const { quiet, began } = await begun;
  const world = drawWorld(seed, quiet);
  const { result, violations } = await play(world, IN_PEACE, seededRandom(1), began);
  const wrong = [...mistakes(world, result), ...contradictions(result), ...violations];
  return { world, began, reference: result, wrong };
}

let begun: ReturnType<typeof playQuietHours> | null = null;

/** The quiet hours, once for all markets: every run begins with what they left behind. */
async function playQuietHours(): Promise<{ quiet: World; began: Servers }> {
  const quiet = quietWorld();
  const all = { ...quiet, input: [...STRAYS, ...quiet.input] };
  const conditions = { ...IN_PEACE, checkpointShare: 1 };
  const { servers } = await play(all, conditions, seededRandom(0), null);
  servers.questdb.settle();
  return { quiet, began: servers };
}

function drawConditions(random: Random): Conditions {
  const pickOne = <T>(values: readonly T[]): T => values[randomIndex(random, values.length)] as T;
  return {
    chunk: pickOne([4, 15, 60, 1000]),
    checkpointShare: pickOne([0.1, 0.2, 0.5]),
    announcementShare: pickOne([0, 0.1]),
    zombieShare: pickOne([0, 0.03, 0.1]),
    crashShare: pickOne([0.01, 0.03, 0.1]),
    maxCrashes: 10,
    isComplete: random() < 0.5,
    groupTrouble: random() < 0.3 ? pickOne([0, 2, 6]) : null,
    stepMs: pickOne([10, 100, 300]),
  };
}

function measureSize({ tables, log }: Result): { rows: number; records: number } {
  const derived = ['features', 'predictions', 'signals', 'fills'];
  return {
    rows: [...tables.values()].reduce((sum, rows) => sum + rows.size, 0),
    records: derived.reduce((sum, topic) => sum + log.topic(topic).length, 0),
  };
}
