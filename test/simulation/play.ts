/**
 * One run of stream and sink over a world, under given conditions: what it leaves behind, and what
 * was wrong on the way. The stages are the real ones; only what lies outside of them is made up.
 */
import { sinkStage } from '../../pipelines/sink/sink-task.ts';
import { streamStage } from '../../pipelines/stream/stream-task.ts';
import type { DeadPlace, KindPlace } from '../../src/domain/dead-letter.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import type { Random } from '../../src/random.ts';
import { FailPoints } from '../../src/stream/fail-point.ts';
import type { Stage } from '../../src/stream/stage.ts';
import type { ModelHeld } from '../../src/postgres/tables/model-activations.ts';
import type { ControlPlace } from '../../src/postgres/tables/outbox.ts';
import { featuresTable } from '../../src/questdb/tables/features.ts';
import { Announced } from './announced.ts';
import type { Result } from './compare.ts';
import { HORIZON_US, LABEL_SPEC, fakeModel, verify } from './controls.ts';
import { FakeCheckpoints, type StoreSabotage } from './fake-checkpoints.ts';
import { FakeLog } from './fake-log.ts';
import { FakeQuestDb, type QuestSabotage } from './fake-questdb.ts';
import { Faults, type Caller } from './faults.ts';
import { GroupRunner } from './group-runner.ts';
import { LATENESS_US } from './market.ts';
import { Runner, type Habits, type Outcome } from './runner.ts';
import { NoRest, Scheduler } from './scheduler.ts';
import { MODEL_EXPIRES_TS, PARTITIONS, REFUSED_SIZE, type World } from './world.ts';

/** Promises of the surroundings that can be broken, to see that the simulation notices. */
export type Sabotage = StoreSabotage & QuestSabotage;

export const SOUND: Sabotage = { isFenced: true, keepsStates: true, appliesOnWait: true };

export interface Conditions extends Habits {
  readonly crashShare: number;
  readonly maxCrashes: number;
  /** The log is there from the beginning; false: it grows while it is read. */
  readonly isComplete: boolean;
  /** Each stage is a group of processes, and how often there is trouble in it; or one task each. */
  readonly groupTrouble: number | null;
  /** How far the clock moves between two turns. */
  readonly stepMs: number;
}

export interface Servers {
  readonly log: FakeLog;
  readonly checkpoints: FakeCheckpoints;
  readonly questdb: FakeQuestDb;
}

export interface Played {
  readonly result: Result;
  readonly violations: readonly string[];
  readonly hits: ReadonlyMap<string, number>;
  readonly outcome: Outcome;
  readonly servers: Servers;
}

export async function play(
  world: World,
  conditions: Conditions,
  random: Random,
  from: Servers | null,
  sabotage = SOUND,
): Promise<Played> {
  const scheduler = new Scheduler(random, conditions.stepMs);
  const faults = new Faults(scheduler, random, conditions.crashShare, conditions.maxCrashes);
  const servers: Servers = {
    log: from?.log.copy() ?? new FakeLog(),
    checkpoints: new FakeCheckpoints(sabotage, from?.checkpoints ?? null),
    questdb: new FakeQuestDb(faults, sabotage, isRefused, from?.questdb ?? null),
  };
  const writtenBack = new WrittenBack(servers.questdb);
  const stages = [
    (caller: Caller) => stream(servers, caller, faults),
    (caller: Caller) => sink(servers, writtenBack, caller, faults),
  ] as const;
  const runner = new Runner(servers.log, faults, conditions);
  const fed = { isOver: false };
  const feeding = async (): Promise<void> => {
    await feed(world, servers.log, conditions.isComplete ? null : faults);
    fed.isOver = true;
  };
  const workers =
    conditions.groupTrouble === null
      ? tasks(stages, runner, faults)
      : groups(stages, runner.outcome, servers.log, faults, conditions, fed);
  const { outcome } = runner;
  await scheduler.run([feeding, ...workers.all]).catch((error: unknown) => {
    if (!(error instanceof NoRest)) throw error;
    const behind = workers.behind().join(', ') || 'nobody is behind';
    outcome.violations.push(`does not come to rest: ${error.message}; ${behind}`);
  });
  const { checkpoints, questdb, log } = servers;
  const isGroup = conditions.groupTrouble !== null;
  if (!isGroup && outcome.fenced !== checkpoints.refusals) {
    const { refusals } = checkpoints;
    outcome.violations.push(`${refusals} were told of a successor, ${outcome.fenced} ended`);
  }
  const violations = [
    ...outcome.violations,
    ...checkpoints.violations,
    ...writtenBack.violations,
    ...writtenBack.announced.broken(),
  ];
  const tables = questdb.changes();
  const { controls, noted } = writtenBack;
  const result = { tables, log, controls, noted, rewritten: questdb.rewritten };
  return { result, violations, hits: faults.hits, outcome, servers };
}

type MakeStage = (caller: Caller) => Stage;
type Worker = () => Promise<void>;

interface Workers {
  readonly all: readonly Worker[];
  /** What a run that does not end is waiting for, as far as that can be said. */
  readonly behind: () => readonly string[];
}

/** A worker for every partition of every stage. */
function tasks(stages: readonly MakeStage[], runner: Runner, faults: Faults): Workers {
  const all = stages
    .map((makeStage) => makeStage(faults))
    .flatMap((stage) =>
      stage.topics.flatMap((topic) =>
        Array.from({ length: PARTITIONS }, (_, i) => () => runner.work(stage, topic, i)),
      ),
    );
  return { all, behind: () => [] };
}

/** The sink goes on until nothing more can come from the stream. */
function groups(
  [makeStream, makeSink]: readonly [MakeStage, MakeStage],
  outcome: Outcome,
  log: FakeLog,
  faults: Faults,
  conditions: Conditions,
  fed: { readonly isOver: boolean },
): Workers {
  const [first, second] = [makeStream, makeSink].map(
    (makeStage) => new GroupRunner(log, faults, makeStage, conditions, outcome),
  ) as [GroupRunner, GroupRunner];
  const stream = { isOver: false };
  const streaming = async (): Promise<void> => {
    await first.work(() => fed.isOver);
    stream.isOver = true;
  };
  const times = conditions.groupTrouble ?? 0;
  const all = [
    streaming,
    () => second.work(() => stream.isOver),
    () => first.trouble(times),
    () => second.trouble(times),
  ];
  return { all, behind: () => [...first.behind(), ...second.behind()] };
}

const surroundings = ({ log }: Servers, caller: Caller, faults: Faults) => ({
  log: log.producer(caller, faults),
  verifyControl: verify,
  clockSeen: () => undefined,
  topicName: (name: string) => name,
  failPoints: new FailPoints(null),
  latenessUs: LATENESS_US,
  count: () => () => undefined,
});

const stream = (servers: Servers, caller: Caller, faults: Faults): Stage =>
  streamStage({
    ...surroundings(servers, caller, faults),
    settings: { horizonUs: HORIZON_US, labelSpec: LABEL_SPEC },
    checkpoints: servers.checkpoints.of('stream', caller),
    models: { load: (id) => caller.call('load', { all: () => fakeModel(id, MODEL_EXPIRES_TS) }) },
  });

const sink = (servers: Servers, writtenBack: WrittenBack, caller: Caller, faults: Faults): Stage =>
  sinkStage({
    ...surroundings(servers, caller, faults),
    checkpoints: servers.checkpoints.of('sink', caller),
    writer: servers.questdb.writer(caller),
    reader: servers.questdb.reader(caller),
    featuresTable: FEATURES,
    modelHeld: (all) => caller.call('modelHeld', { all: () => writtenBack.noteHeld(all) }),
    backfilled: () => Promise.reject(new Error('no history is fed here')),
    clockPassed: () => caller.call('clockPassed', { all: () => undefined }),
    written: () => caller.call('written', { all: () => undefined }),
    noteDead: (all) => caller.call('noteDead', { all: () => writtenBack.noteDead(all) }),
    noteKinds: (all) => caller.call('noteKinds', { all: () => writtenBack.noteKinds(all) }),
    stored: (reached) => caller.call('stored', { all: () => writtenBack.announced.note(reached) }),
    controlsPassed: (all) =>
      caller.call('controlsPassed', { all: () => writtenBack.notePlaces(all) }),
  });

const FEATURES = featuresTable(FEATURE_NAMES);

/** What the sink has written back into tables of PostgreSQL. */
class WrittenBack {
  readonly controls = new Map<string, number>();
  readonly noted = new Map<string, string>();
  readonly violations: string[] = [];
  readonly announced: Announced;

  constructor(questdb: FakeQuestDb) {
    this.announced = new Announced(questdb);
  }

  /** A row that a table refused has no place. */
  noteDead(all: readonly DeadPlace[]): void {
    for (const { topic, partition, offset, reason } of all) {
      if (offset !== null) this.noted.set(`dead ${topic}/${partition}/${offset}`, reason);
    }
  }

  noteKinds(all: readonly KindPlace[]): void {
    for (const { topic, partition, offset, kind, records } of all) {
      this.noted.set(`${kind} in ${topic}/${partition}/${offset}`, String(records));
    }
  }

  noteHeld(all: readonly ModelHeld[]): void {
    for (const { controlId, fromTs } of all) {
      const before = this.controls.get(controlId) ?? fromTs;
      if (before !== fromTs) this.violations.push(`${controlId} held from ${before}, ${fromTs}`);
      this.controls.set(controlId, before);
    }
  }

  /** The first place of each stays, as in the real table. */
  notePlaces(all: readonly ControlPlace[]): void {
    for (const { controlId, partition, offset } of all) {
      const where = `${controlId} in ${partition}`;
      this.controls.set(where, this.controls.get(where) ?? offset);
    }
  }
}

const isRefused = (row: object): boolean => 'size' in row && row.size === REFUSED_SIZE;

/** Appends the input at once, or a little now and then. */
async function feed(world: World, log: FakeLog, slowly: Faults | null): Promise<void> {
  for (const record of world.input) {
    if (slowly?.happens(0.05) === true) await slowly.scheduler.turn();
    log.append(record);
  }
}
