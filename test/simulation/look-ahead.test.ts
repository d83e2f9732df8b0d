/**
 * Proves that a task which waits for a record further on gets it, wherever that lies: in the same
 * chunk, in a later one or a later batch, behind a rebalance or a crash, or not there yet at all.
 */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { runConsumer } from '../../src/kafka/consumer.ts';
import { randomIndex, seededRandom, type Random } from '../../src/random.ts';
import { FakeConsumer } from './fake-consumer.ts';
import { FakeGroup } from './fake-group.ts';
import { FakeLog } from './fake-log.ts';
import { Faults } from './faults.ts';
import { GroupRunner } from './group-runner.ts';
import { Runner } from './runner.ts';
import { Scheduler } from './scheduler.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { WaitingWorld } from './waiting-stage.ts';
import { PARTITIONS } from './world.ts';

const TOPIC = 't';
const SEEDS = 12;
const RECORDS = 60;

class Course {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly log = new FakeLog();
  readonly world = new WaitingWorld();
  /** How often a task looked to the end of each log, by that end. */
  readonly ends = new Map<string, number>();

  constructor(seed: number, crashes: number) {
    this.random = seededRandom(seed);
    this.scheduler = new Scheduler(this.random, 100);
    this.faults = new Faults(this.scheduler, this.random, 0.05, crashes);
    for (let i = 0; i < RECORDS * PARTITIONS; i++) {
      const drawn = this.random();
      const value = drawn < 0.15 ? 'wait' : drawn < 0.2 ? 'marker' : 'x';
      this.append(i % PARTITIONS, value);
    }
    // Whoever asks gets an answer: a marker, a little later.
    for (let i = 0; i < PARTITIONS; i++) this.append(i, 'wait');
  }

  append(partition: number, value: string): void {
    this.log.append({ topic: TOPIC, partition, key: 'k', value, timestampMs: 0 });
  }

  onLookedToEnd = (topic: string, partition: number): void => {
    const key = `${topic}/${partition} ${this.log.readRecords(topic, partition).length}`;
    this.ends.set(key, (this.ends.get(key) ?? 0) + 1);
    this.scheduler.spawn(async () => {
      await this.scheduler.turn();
      this.append(partition, 'marker');
    });
  };

  /** Every record has had its effect, and whatever waited was decided by the first marker. */
  check(): void {
    expect(this.world.violations).toEqual([]);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const records = this.log.readRecords(TOPIC, partition);
      for (const { offset, value } of records) {
        const isMarker = (at: number): boolean => String(records[at]?.value) === 'marker';
        let by = offset;
        if (String(value) === 'wait') while (!isMarker(by)) by += 1;
        const effects = this.world.effects.get(`${TOPIC}/${partition} ${offset}`);
        expect([...(effects ?? [])], `${partition} ${offset}`).toEqual([by]);
      }
    }
  }
}

const isComplete = (): boolean => true;

test('whatever waits is decided by the first marker behind it, through rebalances and crashes', async () => {
  let [looked, found, moved] = [0, 0, 0];
  for (let seed = 0; seed < SEEDS; seed++) {
    const course = new Course(seed, 6);
    const { log, faults, world, onLookedToEnd } = course;
    const outcome = { opened: 0, zombies: 0, fenced: 0, violations: [] as string[] };
    const chunk = [1, 3, 20, 100][randomIndex(course.random, 4)] as number;
    const habits = { chunk, onLookedToEnd };
    const group = new GroupRunner(log, faults, (p) => world.stage([TOPIC], p), habits, outcome);
    await course.scheduler.run([() => group.work(isComplete), () => group.trouble(4)]);
    expect(outcome.violations).toEqual([]);
    course.check();
    looked += world.looked;
    found += world.found;
    moved += outcome.opened;
  }
  expect(looked).toBeGreaterThan(found);
  expect(found).toBeGreaterThan(SEEDS);
  expect(moved).toBeGreaterThan(2 * SEEDS);
});

test('the runner of single tasks looks ahead likewise', async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const course = new Course(seed, 6);
    const { log, faults, world, onLookedToEnd } = course;
    const shares = { checkpointShare: 0.2, announcementShare: 0, zombieShare: 0.03 };
    const runner = new Runner(log, faults, { chunk: 1 + (seed % 9), ...shares, onLookedToEnd });
    const stage = world.stage([TOPIC], faults);
    const working = [0, 1].map((i) => () => runner.work(stage, TOPIC, i));
    await course.scheduler.run(working);
    expect(runner.outcome.violations).toEqual([]);
    course.check();
  }
});

test('at the end of the log it is told once, again where telling failed, and nothing is committed', async () => {
  const scheduler = new Scheduler(seededRandom(1), 100);
  const faults = new Faults(scheduler, seededRandom(1), 0, 0);
  const group = new FakeGroup([{ topic: TOPIC, partition: 0 }], seededRandom(1));
  const [log, world, ending] = [new FakeLog(), new WaitingWorld(), new AbortController()];
  const append = (value: string): void =>
    log.append({ topic: TOPIC, partition: 0, key: 'k', value, timestampMs: 0 });
  for (const value of ['x', 'wait', 'x', 'x']) append(value);
  const lookedTo: number[] = [];
  const member = new FakeConsumer(log, group, faults, new SimulatedProcess(faults), 1);
  const working = () =>
    runConsumer(member.asKafka(), world.stage([TOPIC], null), {
      groupId: 'group',
      topicName: (name) => name,
      log: pino({ level: 'silent' }),
      signal: ending.signal,
      isTransient: () => false,
      onLookedToEnd: async () => {
        lookedTo.push(log.readRecords(TOPIC, 0).length);
        if (lookedTo.length === 1) throw new Error('the sender is away');
      },
      time: {
        monotonicMs: () => scheduler.nowMs,
        sleep: (ms, signal) => scheduler.sleep(ms, signal),
        every: (ms, tell) => scheduler.every(ms, tell),
      },
    });
  const committed = (): number | undefined => group.committed.get(`${TOPIC}/0`);
  const course = async (): Promise<void> => {
    await scheduler.sleep(60_000);
    expect([lookedTo, committed()]).toEqual([[4, 4], 1]);
    append('x');
    await scheduler.sleep(60_000);
    expect([lookedTo, committed()]).toEqual([[4, 4, 5], 1]);
    append('marker');
    await scheduler.sleep(60_000);
    expect([lookedTo, committed()]).toEqual([[4, 4, 5], 6]);
    expect(world.violations).toEqual([]);
    expect([...(world.effects.get(`${TOPIC}/0 1`) ?? [])]).toEqual([5]);
  };
  await scheduler.run([working, () => course().finally(() => ending.abort())]);
});
