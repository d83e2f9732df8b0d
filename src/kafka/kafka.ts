/**
 * The Kafka client: connection, topics, and a producer whose `append` resolves once every record
 * is acknowledged. The caller keeps its records until then.
 */
import type {
  Admin,
  Kafka as KafkaClient,
  KafkaConfig,
  Message,
  Producer,
  SASLOptions,
} from 'kafkajs';
import type { Logger } from 'pino';
import { monotonicMs, sleep } from '../clock.ts';
import type { KafkaAccess } from '../config/server-access.ts';
import type { LogEnds } from '../stream/log-marker.ts';
import type { OutLog, OutRecord } from '../stream/stage.ts';
import { CompressionTypes, Kafka, logLevel, Partitioners } from './kafkajs.ts';
import { trusted } from '../tls.ts';

/** A record batch below the broker's default limit of 1 MiB, with room for its headers. */
const BATCH_BYTES_MAX = 900 * 1024;
const RETRY_MS = 500;
/** From here on there is enough that repeats, in names and keys, to be worth compressing. */
const COMPRESSED_FROM = 50;

/** Brokers, TLS and SASL as kafkajs wants them. */
export function kafkaConfig({ brokers, sasl, tls, ca }: KafkaAccess): KafkaConfig {
  const authority = trusted(ca);
  return {
    brokers: [...brokers],
    ...(tls ? { ssl: authority === undefined ? true : { ca: authority } } : {}),
    ...(sasl === null ? {} : { sasl: sasl as SASLOptions }),
  };
}

export function openKafka(access: KafkaAccess, clientId: string, log: Logger): KafkaClient {
  return new Kafka({
    ...kafkaConfig(access),
    clientId,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: 30 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      const { message, ...rest } = entry.log;
      // The client reports every retry as an error; ours are the words for what is final.
      log.debug({ kafka: rest }, message);
    },
  });
}

/** Runs `work` with an admin connection that is closed again. */
export async function withAdmin<T>(
  kafka: KafkaClient,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** The end of each partition: the offset that the next record will have. */
export async function endOffsets(admin: Admin, topic: string): Promise<Map<number, number>> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
}

/** What each partition of the topic holds. Throws where there is no such topic. */
export async function logEnds(kafka: KafkaClient, topic: string): Promise<Map<number, LogEnds>> {
  const offsets = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic));
  return new Map(
    offsets.map(({ partition, low, high }) => [
      partition,
      { low: Number(low), high: Number(high) },
    ]),
  );
}

/** What a group has committed; 0 where it has committed nothing. */
export async function committedOffsets(
  admin: Admin,
  groupId: string,
  topic: string,
): Promise<Map<number, number>> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return new Map(
    (found?.partitions ?? []).map(({ partition, offset }) => [
      partition,
      Math.max(0, Number(offset)),
    ]),
  );
}

export class KafkaOutLog implements OutLog {
  private producer: Producer | null = null;
  private tail: Promise<void> = Promise.resolve();
  private readonly kafka: KafkaClient;
  private readonly patienceMs: number;

  constructor(kafka: KafkaClient, { patienceMs = 300_000 } = {}) {
    this.kafka = kafka;
    this.patienceMs = patienceMs;
  }

  /** Appends in the order of the calls; throws only after `patienceMs` without success. */
  append(records: readonly OutRecord[]): Promise<void> {
    const next = this.tail.then(() => this.appendNow(records));
    this.tail = next.catch(() => undefined);
    return next;
  }

  async close(): Promise<void> {
    await this.tail;
    await this.producer?.disconnect();
    this.producer = null;
  }

  private async appendNow(records: readonly OutRecord[]): Promise<void> {
    const startMs = monotonicMs();
    for (const chunk of splitRecords(records)) {
      for (;;) {
        try {
          await this.send(chunk);
          break;
        } catch (error) {
          // A failed idempotent producer may be out of step with the broker: take a new one.
          await this.dropProducer();
          if (monotonicMs() - startMs > this.patienceMs) throw error;
          await sleep(RETRY_MS);
        }
      }
    }
  }

  private async send(records: readonly OutRecord[]): Promise<void> {
    this.producer ??= await this.connect();
    const byTopic = new Map<string, Message[]>();
    for (const record of records) {
      const messages = byTopic.get(record.topic) ?? [];
      messages.push(toMessage(record));
      byTopic.set(record.topic, messages);
    }
    const topicMessages = [...byTopic].map(([topic, messages]) => ({ topic, messages }));
    await this.producer.sendBatch({
      acks: -1,
      // A single record in a hurry would only grow by it.
      compression: records.length < COMPRESSED_FROM ? CompressionTypes.None : CompressionTypes.LZ4,
      topicMessages,
    });
  }

  private async connect(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return producer;
  }

  private async dropProducer(): Promise<void> {
    const { producer } = this;
    this.producer = null;
    await producer?.disconnect().catch(() => undefined);
  }
}

function toMessage(record: OutRecord): Message {
  return {
    key: record.key,
    value: record.value,
    timestamp: String(record.timestampMs),
    ...(record.partition === undefined ? {} : { partition: record.partition }),
    ...(record.headers === undefined ? {} : { headers: record.headers }),
  };
}

/** The client makes one batch a partition of a call: keep each call below the batch limit. */
function* splitRecords(records: readonly OutRecord[]): Generator<OutRecord[]> {
  let chunk: OutRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = (record.value?.length ?? 0) + (record.key?.length ?? 0) + 100;
    if (chunk.length > 0 && bytes + size > BATCH_BYTES_MAX) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(record);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
