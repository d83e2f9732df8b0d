/**
 * Kafka's offsets and QuestDB's log -> how far each stage is behind, and waiting until it is not.
 *
 * A stage commits an offset to its group once the effects are acknowledged, so the committed
 * offset is what has passed. What QuestDB has acknowledged is readable once its own log is applied.
 */
import type { Admin, Kafka } from 'kafkajs';
import { monotonicMs, sleep } from '../clock.ts';
import type { FlowProgress } from '../stream/flow-progress.ts';
import { committedOffsets, endOffsets } from './kafka.ts';

export interface StageTopics {
  readonly stage: string;
  readonly groupId: string;
  readonly topics: readonly string[];
}

/** A topic as one stage sees it. */
interface TopicLag {
  readonly topic: string;
  /** Sum of the partitions' end offsets. */
  readonly end: number;
  /** Sum of the offsets that the stage has passed. */
  readonly passed: number;
}

export interface StageLag {
  readonly stage: string;
  readonly lag: number;
  readonly topics: readonly TopicLag[];
}

export interface StagePlace {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  readonly end: number;
}

const POLL_MS = 50;

export class FlowProbe implements FlowProgress {
  private admin: Promise<Admin> | null = null;
  private readonly kafka: Kafka;
  /** In the order of the flow: what a stage writes is read by a later one. */
  private readonly stages: readonly StageTopics[];
  private readonly waitApplied: () => Promise<void>;

  constructor(kafka: Kafka, stages: readonly StageTopics[], waitApplied: () => Promise<void>) {
    this.kafka = kafka;
    this.stages = stages;
    this.waitApplied = waitApplied;
  }

  async drain(timeoutMs: number): Promise<readonly string[]> {
    const deadline = monotonicMs() + timeoutMs;
    for (const stage of this.stages) {
      // Earlier stages have passed what was there at the call, so this end includes their outputs.
      const goals = await this.ends(stage);
      const open = await this.waitFor(stage, goals, deadline);
      if (open.length > 0) return open;
    }
    await this.waitApplied();
    return [];
  }

  async lags(): Promise<StageLag[]> {
    const lags: StageLag[] = [];
    for (const stage of this.stages) {
      const topics: TopicLag[] = [];
      for (const [topic, ends] of await this.ends(stage)) {
        const passed = await this.passed(stage, topic);
        const sum = (m: Map<number, number>): number => [...m.values()].reduce((a, b) => a + b, 0);
        topics.push({ topic, end: sum(ends), passed: sum(passed) });
      }
      const lag = topics.reduce((total, { end, passed }) => total + Math.max(0, end - passed), 0);
      lags.push({ stage: stage.stage, lag, topics });
    }
    return lags;
  }

  /** Every partition of every stage: where its log ends, and what the stage's group has passed. */
  async places(): Promise<StagePlace[]> {
    const places: StagePlace[] = [];
    for (const stage of this.stages) {
      for (const [topic, ends] of await this.ends(stage)) {
        const passed = await this.passed(stage, topic);
        for (const [partition, end] of ends) {
          const position = passed.get(partition) ?? 0;
          places.push({ stage: stage.stage, topic, partition, position, end });
        }
      }
    }
    return places;
  }

  async close(): Promise<void> {
    const admin = await this.admin?.catch(() => null);
    this.admin = null;
    await admin?.disconnect();
  }

  private async waitFor(
    stage: StageTopics,
    goals: Map<string, Map<number, number>>,
    deadline: number,
  ): Promise<string[]> {
    for (;;) {
      const open: string[] = [];
      for (const [topic, ends] of goals) {
        const passed = await this.passed(stage, topic);
        for (const [partition, end] of ends) {
          const at = passed.get(partition) ?? 0;
          if (at < end) open.push(`${stage.stage} is at ${at} of ${end} in ${topic}/${partition}`);
        }
      }
      if (open.length === 0 || monotonicMs() > deadline) return open;
      await sleep(POLL_MS);
    }
  }

  private async ends({ topics }: StageTopics): Promise<Map<string, Map<number, number>>> {
    const ends = new Map<string, Map<number, number>>();
    for (const topic of topics) ends.set(topic, await this.query((a) => endOffsets(a, topic)));
    return ends;
  }

  private passed({ groupId }: StageTopics, topic: string): Promise<Map<number, number>> {
    return this.query((admin) => committedOffsets(admin, groupId, topic));
  }

  private async query<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    this.admin ??= this.connect();
    try {
      return await question(await this.admin);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  private async connect(): Promise<Admin> {
    const admin = this.kafka.admin();
    await admin.connect();
    return admin;
  }
}
