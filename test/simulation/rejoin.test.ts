/**
 * Proves what the consumer does with partitions at a join, in three courses of events that drawn
 * ones meet seldom: each was seen there once.
 */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { runConsumer } from '../../src/kafka/consumer.ts';
import { seededRandom } from '../../src/random.ts';
import type { PartitionTask, Stage } from '../../src/stream/stage.ts';
import { FakeConsumer } from './fake-consumer.ts';
import { FakeGroup, type Assigned } from './fake-group.ts';
import { FakeLog } from './fake-log.ts';
import { Faults } from './faults.ts';
import { Scheduler } from './scheduler.ts';
import { SimulatedProcess } from './simulated-process.ts';

const OPENED = { topic: 't', partition: 0 };
const KEPT = { topic: 't', partition: 1 };
const RECORDS = 3;
const LONG_MS = 2_000;

interface Own {
  readonly announce?: () => Promise<void>;
  /** Called when the task has taken records. */
  readonly onTaken?: () => void;
}

/** A group whose partitions are where a test puts them, and one member with records to read. */
class Setting {
  readonly scheduler = new Scheduler(seededRandom(1), 10);
  readonly group = new FakeGroup([OPENED, KEPT], seededRandom(1));
  readonly process: SimulatedProcess;
  readonly member: FakeConsumer;
  private mine: readonly Assigned[] = [KEPT];
  private readonly ending = new AbortController();

  constructor(fetchMax: number) {
    const faults = new Faults(this.scheduler, seededRandom(1), 0, 0);
    const log = new FakeLog();
    for (let i = 0; i < RECORDS; i++) {
      log.append({ ...KEPT, key: 'key', value: 'value', timestampMs: 0 });
    }
    this.process = new SimulatedProcess(faults);
    this.member = new FakeConsumer(log, this.group, faults, this.process, fetchMax);
    this.group.assignedTo = () => this.mine;
  }

  /** The next generation of the group: our member has these partitions. */
  rebalance(mine: readonly Assigned[]): void {
    this.mine = mine;
    this.group.rebalance();
  }

  get committed(): number | undefined {
    return this.group.committed.get('t/1');
  }

  commitByAnother(offset: number): void {
    this.group.commit(this.group.generation, KEPT, offset);
  }

  /** The member works while `course` runs; an error of either is thrown. */
  async run(own: Own, course: () => Promise<void>): Promise<void> {
    const { scheduler, process, ending } = this;
    const isStopped = (): boolean => scheduler.nowMs < process.stoppedUntilMs;
    const working = () =>
      runConsumer(this.member.asKafka(), this.stage(own), {
        groupId: 'group',
        topicName: (name) => name,
        log: pino({ level: 'silent' }),
        signal: ending.signal,
        isTransient: () => false,
        time: {
          monotonicMs: () => scheduler.nowMs,
          sleep: (ms, signal) => scheduler.sleep(ms, signal),
          every: (ms, tell) => scheduler.every(ms, () => (isStopped() ? undefined : tell())),
        },
      });
    await scheduler.run([working, () => course().finally(() => ending.abort())]);
  }

  private stage({ announce, onTaken }: Own): Stage {
    const open = async (_: string, partition: number): Promise<PartitionTask> => {
      if (partition === OPENED.partition) await this.scheduler.sleep(LONG_MS);
      const task: PartitionTask = {
        position: 0,
        process: (records) => {
          task.position += records.length;
          onTaken?.();
          return Promise.resolve();
        },
        ...(announce === undefined ? {} : { announce }),
      };
      return task;
    };
    return { name: 'stage', topics: ['t'], open };
  }
}

test('a kept partition is sought before another one is opened', async () => {
  const setting = new Setting(1);
  const { scheduler, group } = setting;
  // An earlier owner had come to here, but its checkpoint had not.
  group.committed.set('t/1', 2);
  let moves = 1;
  // The group moves on before it was told how far the task is.
  const onTaken = (): void => {
    if (moves-- > 0) setting.rebalance([OPENED, KEPT]);
  };
  await setting.run({ onTaken }, async () => {
    await scheduler.sleep(3 * LONG_MS);
    expect(setting.committed).toBe(RECORDS);
  });
});

test('nothing is committed for a partition that a join has taken away', async () => {
  const setting = new Setting(RECORDS);
  const { scheduler } = setting;
  const announce = (): Promise<void> => scheduler.sleep(LONG_MS);
  await setting.run({ announce }, async () => {
    await scheduler.sleep(LONG_MS / 2);
    setting.rebalance([]);
    setting.commitByAnother(100);
    await scheduler.sleep(3 * LONG_MS);
    expect(setting.committed).toBe(100);
  });
});

test('the group is told again of a partition that others had between two joins', async () => {
  const setting = new Setting(RECORDS);
  const { scheduler, process } = setting;
  await setting.run({}, async () => {
    await scheduler.until(() => setting.committed === RECORDS);
    process.stoppedUntilMs = scheduler.nowMs + LONG_MS;
    setting.rebalance([KEPT]);
    setting.commitByAnother(1);
    await scheduler.sleep(3 * LONG_MS);
    expect(setting.committed).toBe(RECORDS);
  });
});
