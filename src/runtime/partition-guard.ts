/**
 * Holds the flow to the number of partitions that its topics had when it first read them.
 *
 * More partitions under a live topic send an instrument's key to another one: its state would be
 * two halves, and its open positions would never see another tick. Kafka's client would not even
 * read the new ones before the next rebalance. So a stage that sees another number ends, and does
 * not begin: what to do instead is in the message, and nothing is lost, because the log keeps it.
 */
import type { Kafka } from 'kafkajs';
import type { Pool } from 'pg';
import { withAdmin } from '../kafka/kafka.ts';
import { mergeSetting } from '../postgres/tables/settings.ts';
import type { Context } from './context.ts';

const SETTING = 'partitions';

export type Partitions = Readonly<Record<string, number>>;

export class PartitionsChangedError extends Error {
  constructor(topic: string, now: number, first: number) {
    super(
      `${topic} has ${now} partitions, and had ${first} when this installation began: keys go to ` +
        'other partitions now, and instruments would be split. Set a new TICKLOOM_TOPIC_PREFIX, ' +
        'create its topics (tickloom topics create, TICKLOOM_PARTITIONS as many as wanted), and ' +
        'produce the old topic to the new one, record timestamps kept: the same tables come out',
    );
    this.name = 'PartitionsChangedError';
  }
}

/** How many partitions each of the topics has now; throws where there is none. */
export async function countPartitions(
  kafka: Kafka,
  topics: readonly string[],
): Promise<Partitions> {
  const found = await withAdmin(kafka, (admin) =>
    admin.fetchTopicMetadata({ topics: [...topics] }),
  );
  return Object.fromEntries(found.topics.map(({ name, partitions }) => [name, partitions.length]));
}

/** What was agreed on for these topics; the first to ask says what they have now. */
export async function agreedPartitions(
  kafka: Kafka,
  postgres: Pool,
  topics: readonly string[],
): Promise<Partitions> {
  const now = await countPartitions(kafka, topics);
  const agreed = (await mergeSetting(postgres, SETTING, now)) as Partitions;
  refuseOthers(agreed, now);
  return agreed;
}

/**
 * Throws `PartitionsChangedError` now, where the topics are not as agreed; what is returned throws
 * it later. Kafka being away is not its business.
 */
export async function partitionGuard(
  { kafka, postgres, topicName }: Context,
  names: readonly string[],
): Promise<() => Promise<void>> {
  const topics = names.map(topicName);
  const agreed = await agreedPartitions(kafka, postgres, topics);
  return async () => {
    const now = await countPartitions(kafka, topics).catch(() => null);
    if (now !== null) refuseOthers(agreed, now);
  };
}

/** Throws where a topic has another number now than was agreed on. */
export function refuseOthers(agreed: Partitions, now: Partitions): void {
  for (const [topic, count] of Object.entries(now)) {
    const first = agreed[topic] ?? count;
    if (first !== count) throw new PartitionsChangedError(topic, count, first);
  }
}
