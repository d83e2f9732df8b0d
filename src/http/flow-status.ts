/**
 * What the HTTP server knows about the flow: the graph as data, and how far its stages have come.
 * The server knows no flow and no Kafka by itself; whoever starts it hands these in.
 */
import type { FlowNode } from '../../pipelines/flow.ts';
import type { StageLag } from '../kafka/flow-probe.ts';
import type { Place } from '../stream/standstill.ts';

/** One node of the graph. */
export type FlowGraphNode = Omit<FlowNode, 'file'>;

export interface TopicEnd {
  readonly topic: string;
  readonly end: number;
}

export interface FlowStatus {
  readonly stages: readonly StageLag[];
  /** Every topic of the graph, also those that no stage of ours reads. */
  readonly topics: readonly TopicEnd[];
}

export interface FlowStatusProvider {
  readonly graph: readonly FlowGraphNode[];
  /** Asks Kafka; rejects while it is away. */
  status(): Promise<FlowStatus>;
  /** Every partition of every stage; rejects likewise. */
  places(): Promise<readonly Place[]>;
}

/**
 * The same provider, asking at most once in `maxAgeMs` however many clients there are. A failed
 * answer is kept as long, so that a broker that is away is not besieged.
 */
export function cachedFlow(
  provider: FlowStatusProvider,
  maxAgeMs: number,
  monotonicMs: () => number,
): FlowStatusProvider {
  let queriedMs = -Infinity;
  let answer: Promise<FlowStatus> | null = null;
  const status = (): Promise<FlowStatus> => {
    if (answer === null || monotonicMs() - queriedMs > maxAgeMs) {
      queriedMs = monotonicMs();
      answer = provider.status();
      answer.catch(() => undefined);
    }
    return answer;
  };
  return { graph: provider.graph, status, places: () => provider.places() };
}
