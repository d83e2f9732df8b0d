/**
 * A stage as a consumer group of several processes, each the real consumer of
 * `src/kafka/consumer.ts`: processes die, are stopped and go on, and partitions move in
 * mid batch. Whoever dies is started again.
 */
import { setMaxListeners } from 'node:events';
import { pino } from 'pino';
import { runConsumer } from '../../src/kafka/consumer.ts';
import { randomIndex } from '../../src/random.ts';
import { FencedError, type Stage } from '../../src/stream/stage.ts';
import { FakeConsumer } from './fake-consumer.ts';
import { FakeGroup, partitionName } from './fake-group.ts';
import type { FakeLog } from './fake-log.ts';
import { Crash, type Faults } from './faults.ts';
import type { Habits, Outcome } from './runner.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { PARTITIONS } from './world.ts';

const PROCESSES = 2;
const STOPPED_MS = 20_000;
const SESSION_MS = 3_000;

const silent = pino({ level: 'silent' });

interface Running {
  readonly process: SimulatedProcess;
  readonly consumer: FakeConsumer;
}

export class GroupRunner {
  private readonly log: FakeLog;
  private readonly faults: Faults;
  private readonly makeStage: (process: SimulatedProcess) => Stage;
  private readonly topics: readonly string[];
  private readonly habits: Pick<Habits, 'chunk' | 'onLookedToEnd'>;
  private readonly outcome: Outcome;
  private readonly group: FakeGroup;
  private readonly running: Running[] = [];
  private readonly ending = new AbortController();

  constructor(
    log: FakeLog,
    faults: Faults,
    makeStage: (process: SimulatedProcess) => Stage,
    habits: Pick<Habits, 'chunk' | 'onLookedToEnd'>,
    outcome: Outcome,
  ) {
    this.log = log;
    this.faults = faults;
    this.makeStage = makeStage;
    this.habits = habits;
    this.outcome = outcome;
    // Every process that was ever started listens to it.
    setMaxListeners(0, this.ending.signal);
    this.topics = makeStage(new SimulatedProcess(faults)).topics;
    const partitions = this.topics.flatMap((topic) =>
      Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition })),
    );
    this.group = new FakeGroup(partitions, faults.random);
  }

  /** Ends when `isComplete` says that no more comes, and all of it has been committed. */
  async work(isComplete: () => boolean): Promise<void> {
    const { scheduler } = this.faults;
    const kept = Array.from({ length: PROCESSES }, () => this.keepOne());
    await scheduler.until(() => isComplete() && this.behind().length === 0);
    this.ending.abort();
    await Promise.all(kept);
  }

  /** The partitions of which the group has not been told that all of their records are done. */
  behind(): string[] {
    return this.group.partitions.flatMap((at) => {
      const end = this.log.readRecords(at.topic, at.partition).length;
      const committed = this.group.committed.get(partitionName(at)) ?? 0;
      return committed >= end
        ? []
        : [`${partitionName(at)} is committed to ${committed} of ${end}`];
    });
  }

  /** Partitions move, or a process stands still until long after another has its place. */
  async trouble(times: number): Promise<void> {
    const { scheduler, random } = this.faults;
    for (let i = 0; i < times && !this.ending.signal.aborted; i++) {
      for (let n = randomIndex(random, 60); n > 0; n--) await scheduler.turn();
      const some = this.running[randomIndex(random, this.running.length)];
      if (some === undefined || this.faults.happens(0.5)) {
        this.faults.hit('rebalance');
        this.group.rebalance();
        continue;
      }
      this.faults.hit('stopped process');
      this.outcome.zombies += 1;
      some.process.stoppedUntilMs = scheduler.nowMs + randomIndex(random, STOPPED_MS);
      this.group.leave(some.consumer);
    }
  }

  private async keepOne(): Promise<void> {
    while (!this.ending.signal.aborted) {
      const process = new SimulatedProcess(this.faults);
      const { log, group, faults, habits } = this;
      const consumer = new FakeConsumer(log, group, faults, process, habits.chunk);
      const running = { process, consumer };
      this.running.push(running);
      this.outcome.opened += 1;
      await this.runOne(running);
      this.running.splice(this.running.indexOf(running), 1);
      if (!this.ending.signal.aborted) await faults.scheduler.sleep(SESSION_MS);
      group.leave(consumer);
    }
  }

  private async runOne({ process, consumer }: Running): Promise<void> {
    const { scheduler } = this.faults;
    const { onLookedToEnd } = this.habits;
    try {
      await runConsumer(consumer.asKafka(), this.makeStage(process), {
        groupId: 'simulated',
        topicName: (name) => name,
        log: silent,
        signal: this.ending.signal,
        ...(onLookedToEnd === undefined ? {} : { onLookedToEnd }),
        isTransient: (error) => error instanceof Crash && !process.isDead,
        time: {
          monotonicMs: () => scheduler.nowMs,
          sleep: (ms, signal) => scheduler.sleep(ms, signal),
          every: (ms, tell) =>
            scheduler.every(ms, () => {
              if (!process.isDead && scheduler.nowMs >= process.stoppedUntilMs) tell();
            }),
        },
      });
    } catch (error) {
      if (error instanceof FencedError) this.outcome.fenced += 1;
      else if (!(error instanceof Crash)) this.outcome.violations.push(String(error));
    }
    process.isDead = true;
  }
}
