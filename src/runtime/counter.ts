/** Counts of what the stages of this process did, by partition, in its registry. */
import { Counter } from 'prom-client';
import type { CheckpointStore, CounterFor } from '../stream/stage.ts';

const events = new Counter({
  name: 'tickloom_stage_events_total',
  help:
    'What a stage has seen and done: ticks (new, duplicate, correction, late, future, …), ' +
    'records (dead, skipped), what it gave (out_…)',
  labelNames: ['stage', 'topic', 'partition', 'event'] as const,
});

const checkpoints = new Counter({
  name: 'tickloom_checkpoints_total',
  help: 'Checkpoints of a partition: saved, failed, or fenced: another process has it',
  labelNames: ['stage', 'topic', 'partition', 'result'] as const,
});

/** By stage: these stand at 0 from the start, so that the first of them is seen as a rise. */
const WATCHED: Readonly<Record<string, readonly string[]>> = {
  // Behind the watermark: whether it is late or a repeat of long ago, the sink looks up.
  stream: ['dead', 'duplicate', 'correction', 'behind', 'gap', 'future'],
  sink: ['dead', 'duplicate', 'correction', 'late', 'gap', 'future'],
  trades: ['dead', 'skipped'],
};

/** The counts of a stage's partitions. */
export const counter =
  (stage: string): CounterFor =>
  (topic, partition) => {
    const place = { stage, topic, partition: String(partition) };
    const known = new Map<string, Counter.Internal>();
    const of = (event: string): Counter.Internal => {
      const found = known.get(event) ?? events.labels({ ...place, event });
      known.set(event, found);
      return found;
    };
    for (const event of WATCHED[stage] ?? []) of(event).inc(0);
    return (event, n = 1) => {
      if (n > 0) of(event).inc(n);
    };
  };

/** The same store, whose saves are counted. */
export function countedCheckpoints(stage: string, store: CheckpointStore): CheckpointStore {
  return {
    claim: (topic, partition) => store.claim(topic, partition),
    save: async (topic, partition, write) => {
      let result = 'failed';
      try {
        return (result = await store.save(topic, partition, write)) as 'saved' | 'fenced';
      } finally {
        checkpoints.inc({ stage, topic, partition: String(partition), result });
      }
    },
  };
}
