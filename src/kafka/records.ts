/** What kafkajs hands over -> records as stages know them. */
import type { KafkaMessage } from 'kafkajs';
import { IMPORTED_HEADER, isImportMark } from '../domain/imported.ts';
import type { LogRecord } from '../stream/stage.ts';
import { FetchedMessage } from './fetch.ts';

/** The message's place in its partition. */
export const messageOffset = (message: KafkaMessage | FetchedMessage): number =>
  message instanceof FetchedMessage ? message.offsetNumber : Number(message.offset);

/** The message of a topic's partition as a record: its time in microseconds, its key as text. */
export function toLogRecord(topic: string, partition: number, message: KafkaMessage): LogRecord {
  if ((message as object) instanceof FetchedMessage) {
    const fetched = message as object as FetchedMessage;
    const { offsetNumber, timestampMs, keyText, value } = fetched;
    const timestampUs = timestampMs * 1000;
    const isImported = fetched.hasHeaders && isImportMark(fetched.headers[IMPORTED_HEADER]);
    return { topic, partition, offset: offsetNumber, timestampUs, key: keyText, value, isImported };
  }
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestampUs: Number(message.timestamp) * 1000,
    key: message.key === null ? null : message.key.toString('utf8'),
    value: message.value,
    isImported: isImportMark(message.headers?.[IMPORTED_HEADER]),
  };
}
