/**
 * Proves that a consumer gives its task nothing of a log that took the place of the one it has
 * read: a topic deleted and made anew, or a volume swapped, while it runs or while it does not.
 */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { runConsumer } from '../../src/kafka/consumer.ts';
import { seededRandom } from '../../src/random.ts';
import { toMarker, type LogMarker } from '../../src/stream/log-marker.ts';
import type { LogRecord, PartitionTask } from '../../src/stream/stage.ts';
import { FakeConsumer } from './fake-consumer.ts';
import { FakeGroup } from './fake-group.ts';
import { FakeLog } from './fake-log.ts';
import { Faults } from './faults.ts';
import { Scheduler } from './scheduler.ts';
import { SimulatedProcess } from './simulated-process.ts';

const AT = { topic: 't', partition: 0 };
const RECORDS = 10;
/** A record behind the position is there in each, so that something could be processed. */
const SIZES = { fewer: 4, equal: RECORDS, more: 30 };

class Reading implements PartitionTask {
  position = 0;
  marker: LogMarker | null = null;
  readonly seen: string[] = [];

  constructor(from?: Reading) {
    if (from !== undefined) Object.assign(this, { position: from.position, marker: from.marker });
  }

  process(records: readonly LogRecord[]): Promise<void> {
    this.seen.push(...records.map(({ value }) => String(value)));
    this.position += records.length;
    return Promise.resolve();
  }
}

class Course {
  readonly scheduler: Scheduler;
  readonly log = new FakeLog();
  /** What the consumer has said as a warning. */
  readonly warnings: string[] = [];
  private readonly faults: Faults;

  constructor(seed: number) {
    this.scheduler = new Scheduler(seededRandom(seed), 100);
    this.faults = new Faults(this.scheduler, seededRandom(seed), 0, 0);
    this.fill('old', RECORDS);
  }

  fill(name: string, count: number): void {
    const from = this.log.readRecords('t', 0).length;
    for (let i = from; i < from + count; i++) {
      this.log.append({ ...AT, key: 'k', value: `${name} ${i}`, timestampMs: 0 });
    }
  }

  /** As if the topic had been deleted and made anew. */
  swap(count: number): void {
    this.log.readRecords('t', 0).length = 0;
    this.fill('new', count);
  }

  /** Reads while `course` runs; the error with which the consumer ended, or null. */
  async read(task: Reading, course: () => Promise<void>): Promise<string | null> {
    const ending = new AbortController();
    const { scheduler, faults, log } = this;
    const process = new SimulatedProcess(faults);
    const group = new FakeGroup([AT], seededRandom(1));
    const member = new FakeConsumer(log, group, faults, process, 7);
    const stage = { name: 's', topics: ['t'], open: () => Promise.resolve(task) };
    let ended: string | null = null;
    const working = async (): Promise<void> => {
      await runConsumer(member.asKafka(), stage, {
        groupId: 'group',
        topicName: (name) => name,
        log: pino({}, { write: (line) => void this.warnings.push(line) }),
        signal: ending.signal,
        isTransient: () => false,
        time: {
          monotonicMs: () => scheduler.nowMs,
          sleep: (ms, signal) => scheduler.sleep(ms, signal),
          every: (ms, tell) => scheduler.every(ms, tell),
        },
      }).catch((error: Error) => {
        ended = error.message;
      });
    };
    await scheduler.run([working, () => course().finally(() => ending.abort())]);
    return ended;
  }
}

for (const [name, size] of Object.entries(SIZES)) {
  test(`nothing is read of another log with ${name} records, swapped while it runs`, async () => {
    for (let seed = 0; seed < 10; seed++) {
      const course = new Course(seed);
      const task = new Reading();
      const ended = await course.read(task, async () => {
        await course.scheduler.until(() => task.position === RECORDS);
        await course.scheduler.sleep(5_000);
        // No broker makes a topic anew and fills it between two fetches.
        course.swap(0);
        await course.scheduler.sleep(1_000);
        course.fill('new', size);
        await course.scheduler.sleep(30_000);
      });
      expect(ended).toMatch(/^t\/0 is not as this stage has left it: .*topics accept t/);
      expect(task.seen.filter((value) => value.startsWith('new'))).toEqual([]);
    }
  });

  test(`nothing is read of another log with ${name} records, swapped while it is stopped`, async () => {
    const course = new Course(1);
    const before = new Reading();
    const ended = await course.read(before, async () => {
      await course.scheduler.until(() => before.position === RECORDS);
    });
    expect(ended).toBeNull();
    course.swap(size);
    const after = new Course(2);
    Object.assign(after, { log: course.log });
    const task = new Reading(before);
    expect(await after.read(task, () => after.scheduler.sleep(30_000))).toMatch('is not as this');
    expect(task.seen).toEqual([]);
  });
}

test('the same log is read on, however long it was away; one that became empty is not', async () => {
  const course = new Course(1);
  const task = new Reading();
  const ended = await course.read(task, async () => {
    await course.scheduler.until(() => task.position === RECORDS);
    await course.scheduler.sleep(60_000);
    course.fill('old', 5);
    await course.scheduler.until(() => task.position === RECORDS + 5);
    course.swap(0);
    await course.scheduler.sleep(30_000);
  });
  expect(task.seen).toEqual(Array.from({ length: RECORDS + 5 }, (_, i) => `old ${i}`));
  expect(ended).toMatch('it ends at 0, and this stage has read to 15');
});

test('a position from before takes the record that it finds, and says so', async () => {
  const course = new Course(1);
  const task = new Reading();
  task.position = RECORDS;
  const ended = await course.read(task, () => course.scheduler.sleep(30_000));
  expect(ended).toBeNull();
  const last = course.log.readRecords('t', 0).at(-1);
  expect(task.marker).toEqual(toMarker(last as LogRecord));
  expect(course.warnings.join()).toMatch('a position from before positions were bound');
});
