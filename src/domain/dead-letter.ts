/**
 * A record that cannot be taken -> how it lies in `dead-letters`: its own bytes, and in headers
 * where it was and why. It always fits: what is too large for the topic is cut, and says so.
 */

/** Where a dead record was, and why it is dead. */
export interface DeadPlace {
  /** As Kafka knows it, prefix included; of a row that a table refused, `table NAME`. */
  readonly topic: string;
  readonly partition: number;
  /** Null for a row: many records may have made it. */
  readonly offset: number | null;
  readonly reason: string;
  readonly detail: string;
}

/** Where records of a kind that nobody knows were. */
export interface KindPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly kind: string;
  /** How many of them that place holds: a frame may hold several. */
  readonly records: number;
}

interface SourceRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampUs: number;
  readonly key: string | null;
  readonly value: Buffer | null;
}

export interface DeadLetter {
  readonly key: string | null;
  readonly value: Buffer;
  readonly timestampMs: number;
  readonly headers: Record<string, string>;
}

/** The topic takes 2 MiB; a batch that was packed small may hold records of a hundred. */
const VALUE_BYTES = 1_536 * 1024;
const KEY_CHARACTERS = 16 * 1024;
const DETAIL_CHARACTERS = 500;
const KIND_CHARACTERS = 100;
/** The end of the year 9999; a record timestamp is whatever its producer wrote. */
const LATEST_MS = 253_402_300_799_999;

/** A name or reason as every store takes it: bounded, without NUL and without half characters. */
export const plainText = (text: string, characters = DETAIL_CHARACTERS): string =>
  text
    .slice(0, characters)
    .replaceAll('\u0000', '\ufffd')
    .replaceAll(/\p{Cs}/gu, '\ufffd');

/** A kind's name, as it is listed. */
export const plainKind = (kind: string): string => plainText(kind, KIND_CHARACTERS);

/** The record of `dead-letters` without its topic. */
export function toDeadLetter(record: SourceRecord, reason: string, detail: string): DeadLetter {
  const { topic, partition, offset, timestampUs, key, value } = record;
  const bytes = value ?? Buffer.alloc(0);
  const isCut = bytes.length > VALUE_BYTES || (key?.length ?? 0) > KEY_CHARACTERS;
  const timestampMs = Math.floor(timestampUs / 1000);
  const isTime = timestampMs >= 0 && timestampMs <= LATEST_MS;
  return {
    key: isCut && (key?.length ?? 0) > KEY_CHARACTERS ? null : key,
    value: bytes.subarray(0, VALUE_BYTES),
    timestampMs: isTime ? timestampMs : 0,
    headers: {
      source_topic: topic,
      source_partition: String(partition),
      source_offset: String(offset),
      reason,
      detail: plainText(detail),
      ...(isCut ? { cut: `the value has ${bytes.length} bytes` } : {}),
    },
  };
}
