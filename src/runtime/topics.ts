/** Creates the flow's topics where they are missing; what exists is left as it is. */
import type { Kafka } from 'kafkajs';
import { TOPICS } from '../../pipelines/flow.ts';
import { withAdmin } from '../kafka/kafka.ts';

export interface TopicState {
  readonly name: string;
  readonly created: boolean;
}

export async function createTopics(
  kafka: Kafka,
  options: { readonly partitions: number; readonly topicName: (name: string) => string },
): Promise<TopicState[]> {
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = TOPICS.filter(({ name }) => !existing.has(options.topicName(name)));
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ name, maxMessageBytes }) => ({
        topic: options.topicName(name),
        numPartitions: options.partitions,
        replicationFactor: 1,
        configEntries: [
          { name: 'max.message.bytes', value: String(maxMessageBytes) },
          // A replay of years ago must not be deleted on arrival: size limits, age does not.
          { name: 'retention.ms', value: '-1' },
          { name: 'message.timestamp.type', value: 'CreateTime' },
          // One tick dated ahead would have the broker refuse its good neighbours too.
          { name: 'message.timestamp.after.max.ms', value: '9223372036854775807' },
        ],
      })),
    });
    return TOPICS.map(({ name }) => ({
      name: options.topicName(name),
      created: missing.some((topic) => topic.name === name),
    }));
  });
}
