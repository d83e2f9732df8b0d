/**
 * seed -> a run of the whole stream and sink under crashes and zombies, held against one in peace
 *
 * The stages are the real ones; only what lies outside of them is made up. Afterwards tables and
 * topics must be what they are without any fault, however the log was cut into chunks.
 */
import { sinkStage } from '../../pipelines/sink-task.ts';
import { streamStage } from '../../pipelines/stream-task.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { seededRandom, type Random } from '../../src/random.ts';
import { FailPoints } from '../../src/stream/fail-point.ts';
import type { ModelHeld } from '../../src/tables/postgres/model-activations.ts';
import type { ControlPlace } from '../../src/tables/postgres/outbox.ts';
import { featuresTable } from '../../src/tables/questdb/features.ts';
import { Announced } from './announced.ts';
import { contradictions, differences, mistakes, type Result } from './compare.ts';
import { HORIZON_US, LABEL_SPEC, modelOf, verify } from './controls.ts';
import { FakeCheckpoints, type StoreSabotage } from './fake-checkpoints.ts';
import { FakeLog } from './fake-log.ts';
import { FakeQuestDb, type QuestSabotage } from './fake-questdb.ts';
import { Faults } from './faults.ts';
import { LATENESS_US } from './market.ts';
import { Runner, type Habits, type Outcome } from './runner.ts';
import { Scheduler } from './scheduler.ts';
import {
  drawWorld,
  MODEL_EXPIRES_TS,
  PARTITIONS,
  quietWorld,
  REFUSED_SIZE,
  STRAYS,
  type World,
} from './world.ts';

/** Promises of the surroundings that can be broken, to see that the simulation notices. */
export type Sabotage = StoreSabotage & QuestSabotage;

const SOUND: Sabotage = { isFenced: true, keepsStates: true, appliesOnWait: true };

export interface Simulated {
  /** Empty when everything held. */
  readonly violations: readonly string[];
  readonly hits: ReadonlyMap<string, number>;
  readonly outcome: Outcome;
  readonly rows: number;
  readonly reference: Result;
}

interface Conditions extends Habits {
  readonly crashShare: number;
  readonly maxCrashes: number;
  /** The log is there from the beginning; false: it grows while it is read. */
  readonly isComplete: boolean;
}

const IN_PEACE: Conditions = {
  chunk: 100_000,
  checkpointShare: 0,
  announcementShare: 0,
  zombieShare: 0,
  crashShare: 0,
  maxCrashes: 0,
  isComplete: true,
};

/** One drawn world, once in peace and once under drawn faults. */
export async function simulate(seed: number, sabotage: Partial<Sabotage> = {}): Promise<Simulated> {
  const { quiet, began } = await beginning();
  const world = drawWorld(seed, quiet);
  const random = seededRandom(seed ^ 0xc4a5);
  const reference = await run(world, IN_PEACE, seededRandom(1), began);
  const broken = { ...SOUND, ...sabotage };
  const disturbed = await run(world, drawConditions(random), random, began, broken);
  return {
    violations: [
      ...mistakes(world, reference.result),
      ...contradictions(reference.result),
      ...contradictions(disturbed.result),
      ...differences(reference.result, disturbed.result),
      ...disturbed.violations,
    ],
    hits: disturbed.hits,
    outcome: disturbed.outcome,
    rows: [...reference.result.tables.values()].reduce((sum, rows) => sum + rows.size, 0),
    reference: reference.result,
  };
}

/** The differences between the log taken whole and the log taken in chunks of at most `chunk`. */
export async function compareChunks(seed: number, chunk: number): Promise<readonly string[]> {
  const { quiet, began } = await beginning();
  const world = drawWorld(seed, quiet);
  const whole = await run(world, IN_PEACE, seededRandom(1), began);
  const cut = await run(world, { ...IN_PEACE, chunk }, seededRandom(seed), began);
  return differences(whole.result, cut.result);
}

interface Servers {
  readonly log: FakeLog;
  readonly checkpoints: FakeCheckpoints;
  readonly questdb: FakeQuestDb;
}

let begun: Promise<{ quiet: World; began: Servers }> | null = null;

/** The quiet hours, once for all seeds: every run begins with a copy of what they left behind. */
function beginning(): Promise<{ quiet: World; began: Servers }> {
  const quiet = quietWorld();
  const conditions = { ...IN_PEACE, checkpointShare: 1 };
  begun ??= run(
    { ...quiet, input: [...STRAYS, ...quiet.input] },
    conditions,
    seededRandom(0),
    null,
  ).then(({ servers }) => ({ quiet, began: servers }));
  return begun;
}

function drawConditions(random: Random): Conditions {
  const oneOf = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  return {
    chunk: oneOf([4, 15, 60, 1000]),
    checkpointShare: oneOf([0.1, 0.2, 0.5]),
    announcementShare: oneOf([0, 0.1]),
    zombieShare: oneOf([0, 0.03, 0.1]),
    crashShare: oneOf([0.01, 0.03, 0.1]),
    maxCrashes: 30,
    isComplete: random() < 0.5,
  };
}

async function run(
  world: World,
  conditions: Conditions,
  random: Random,
  from: Servers | null,
  sabotage = SOUND,
) {
  const scheduler = new Scheduler(random);
  const faults = new Faults(scheduler, random, conditions.crashShare, conditions.maxCrashes);
  const log = from?.log.copy() ?? new FakeLog();
  const checkpoints = new FakeCheckpoints(faults, sabotage, from?.checkpoints ?? null);
  const questdb = new FakeQuestDb(faults, sabotage, isRefused, from?.questdb ?? null);
  const controls = new Map<string, number>();
  const violations: string[] = [];
  const noteHeld = (all: readonly ModelHeld[]): void => {
    for (const { controlId, fromTs } of all) {
      const before = controls.get(controlId) ?? fromTs;
      if (before !== fromTs) violations.push(`${controlId} held from ${before} and ${fromTs}`);
      controls.set(controlId, before);
    }
  };
  /** The first place of each stays, as in the real table. */
  const notePlaces = (all: readonly ControlPlace[]): void => {
    for (const { controlId, partition, offset } of all) {
      const where = `${controlId} in ${partition}`;
      controls.set(where, controls.get(where) ?? offset);
    }
  };
  const announced = new Announced(questdb);
  const surroundings = {
    log: log.producer(faults),
    verifyControl: verify,
    topicOf: (name: string) => name,
    failPoints: new FailPoints(null),
    count: () => undefined,
  };
  const stream = streamStage({
    ...surroundings,
    latenessUs: LATENESS_US,
    settings: { horizonUs: HORIZON_US, labelSpec: LABEL_SPEC },
    checkpoints: checkpoints.of('stream'),
    models: {
      load: (id) => faults.call('load', { all: () => modelOf(id, MODEL_EXPIRES_TS) }),
    },
  });
  const sink = sinkStage({
    ...surroundings,
    latenessUs: LATENESS_US,
    checkpoints: checkpoints.of('sink'),
    writer: questdb.writer,
    reader: questdb.reader,
    featuresTable: featuresTable(FEATURE_NAMES),
    modelHeld: (all) => faults.call('modelHeld', { all: () => noteHeld(all) }),
    stored: (reached) => faults.call('stored', { all: () => announced.note(reached) }),
    controlsPassed: (all) => faults.call('controlsPassed', { all: () => notePlaces(all) }),
  });
  const runner = new Runner(log, faults, conditions);
  const workers = [stream, sink].flatMap((stage) =>
    stage.topics.flatMap((topic) =>
      Array.from({ length: PARTITIONS }, (_, i) => () => runner.work(stage, topic, i)),
    ),
  );
  await scheduler.run([() => feed(world, log, conditions.isComplete ? null : faults), ...workers]);
  const { outcome } = runner;
  if (outcome.fenced !== checkpoints.refusals) {
    violations.push(`${checkpoints.refusals} were told of a successor, ${outcome.fenced} ended`);
  }
  violations.push(...outcome.violations, ...checkpoints.violations, ...announced.broken());
  const tables = new Map(
    [...questdb.tables.keys()].map((name) => [name, questdb.rowsOf(name)] as const),
  );
  const result: Result = { tables, log, controls, rewritten: questdb.rewritten };
  const servers: Servers = { log, checkpoints, questdb };
  return { result, violations, hits: faults.hits, outcome, servers };
}

const isRefused = (row: object): boolean => 'size' in row && row.size === REFUSED_SIZE;

/** Appends the input at once, or a little now and then. */
async function feed(world: World, log: FakeLog, slowly: Faults | null): Promise<void> {
  for (const record of world.input) {
    if (slowly?.happens(0.05) === true) await slowly.scheduler.turn();
    log.append(record);
  }
}
