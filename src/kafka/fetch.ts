/**
 * fetched bytes -> the messages that kafkajs hands on, for a quarter of what its own way costs
 *
 * kafkajs makes of every record three decoders and a dozen big integers, 3.6 microseconds in all:
 * more than the rest of a tick. Here one walk over the bytes notes where everything lies, and a
 * message is an object that looks it up when it is read (`test/bench/kafka-fetch.ts`). What is
 * not plain (transactional and control batches, older formats) is left to kafkajs.
 *
 * The oracle is kafkajs: `kafka-fetch.test.ts` wants the same messages of both.
 */
import { internedText } from './interned-text.ts';
import { decompressed } from './codecs.ts';

/** kafkajs's reader of a response, of which we need no more. */
export interface ResponseDecoder {
  readonly buffer: Buffer;
  offset: number;
}

export type DecodeMessages = (decoder: ResponseDecoder) => Promise<readonly object[]>;

/** `otherwise` is kafkajs's own. */
export const fetchDecoder =
  (otherwise: DecodeMessages): DecodeMessages =>
  async (decoder) => {
    const { buffer, offset } = decoder;
    const size = buffer.readInt32BE(offset);
    const from = offset + 4;
    if (size <= 0 || from + size > buffer.length || !isPlain(buffer, from, from + size)) {
      return otherwise(decoder);
    }
    decoder.offset = from + size;
    return decodeMessages(buffer, from, from + size);
  };

// A record batch: its first offset, the length of what follows, then what is fixed, then records.
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const COUNT_AT = 57;
const RECORDS_AT = 61;
const OVERHEAD = 12;

const MAGIC = 2;
const LOG_APPEND_TIME = 0x08;
const CODEC = 0x07;
/** In a transaction, or control. */
const NOT_PLAIN = 0x10 | 0x20;

const batchEnd = (buffer: Buffer, at: number): number =>
  at + OVERHEAD + buffer.readInt32BE(at + LENGTH_AT);

function isPlain(buffer: Buffer, from: number, to: number): boolean {
  for (let at = from; at + RECORDS_AT <= to; at = batchEnd(buffer, at)) {
    if (buffer[at + MAGIC_AT] !== MAGIC) return false;
    if ((buffer.readInt16BE(at + ATTRIBUTES_AT) & NOT_PLAIN) !== 0) return false;
    if (batchEnd(buffer, at) < at + RECORDS_AT) return false;
  }
  return true;
}

function decodeMessages(buffer: Buffer, from: number, to: number): FetchedMessages {
  const messages = new FetchedMessages();
  // A batch that the fetch has cut off at the end comes again with the next one.
  for (
    let at = from;
    at + RECORDS_AT <= to && batchEnd(buffer, at) <= to;
    at = batchEnd(buffer, at)
  ) {
    addBatch(messages, buffer, at);
  }
  return messages;
}

const int64 = (buffer: Buffer, at: number): number =>
  buffer.readInt32BE(at) * 2 ** 32 + buffer.readUInt32BE(at + 4);

function addBatch(messages: FetchedMessages, fetched: Buffer, batch: number): void {
  const firstOffset = int64(fetched, batch);
  const firstMs = int64(fetched, batch + FIRST_TIMESTAMP_AT);
  const attributes = fetched.readInt16BE(batch + ATTRIBUTES_AT);
  const isAppendTime = (attributes & LOG_APPEND_TIME) !== 0;
  const appendMs = isAppendTime ? int64(fetched, batch + MAX_TIMESTAMP_AT) : null;
  const count = fetched.readInt32BE(batch + COUNT_AT);
  const packed = fetched.subarray(batch + RECORDS_AT, batchEnd(fetched, batch));
  const codec = attributes & CODEC;
  const buffer = codec === 0 ? packed : decompressed(codec, packed);
  const varints = new Varints(buffer, 0);
  for (let i = 0; i < count; i++) {
    const length = varints.next();
    const end = varints.at + length;
    // Attributes of a record are not in use.
    varints.at += 1;
    const ms = firstMs + varints.next();
    const offset = firstOffset + varints.next();
    const keyLength = varints.next();
    const keyFrom = varints.at;
    varints.at += Math.max(0, keyLength);
    const valueLength = varints.next();
    const valueFrom = varints.at;
    const message = new FetchedMessage(buffer, offset, appendMs ?? ms);
    message.keyFrom = keyFrom;
    message.keyLength = keyLength;
    message.valueFrom = valueFrom;
    message.valueLength = valueLength;
    messages.push(message);
    varints.at = end;
  }
}

/** Kafka's signed numbers of variable length: seven bits a byte, the lowest first, zigzag. */
class Varints {
  at: number;
  private readonly buffer: Buffer;

  constructor(buffer: Buffer, at: number) {
    this.buffer = buffer;
    this.at = at;
  }

  next(): number {
    const { buffer } = this;
    const byte = buffer[this.at++] as number;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    let unit = 0x80;
    for (;;) {
      const more = buffer[this.at++] as number;
      value += (more & 0x7f) * unit;
      if (more < 0x80) break;
      unit *= 0x80;
    }
    // By arithmetic, because times differ by more than 32 bits hold.
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/**
 * The messages of one fetch. kafkajs filters them by their offset, a big integer for each; but
 * they rise, so only the first few can be below the one that was requested.
 */
class FetchedMessages extends Array<FetchedMessage> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  override filter(keeps: (message: FetchedMessage, i: number, all: FetchedMessage[]) => unknown) {
    let first = 0;
    while (first < this.length && !keeps(this[first] as FetchedMessage, first, this)) first += 1;
    return this.slice(first);
  }
}

const NO_HEADERS: Readonly<Record<string, Buffer>> = Object.freeze({});

/** A message as kafkajs knows it, and what we ask of it without its texts. */
export class FetchedMessage {
  readonly offsetNumber: number;
  readonly timestampMs: number;
  keyFrom = 0;
  /** -1: null. */
  keyLength = -1;
  valueFrom = 0;
  valueLength = -1;
  private readonly buffer: Buffer;

  constructor(buffer: Buffer, offset: number, timestampMs: number) {
    this.buffer = buffer;
    this.offsetNumber = offset;
    this.timestampMs = timestampMs;
  }

  get keyText(): string | null {
    return this.keyLength < 0 ? null : internedText(this.buffer, this.keyFrom, this.keyLength);
  }

  get key(): Buffer | null {
    return this.part(this.keyFrom, this.keyLength);
  }

  get value(): Buffer | null {
    return this.part(this.valueFrom, this.valueLength);
  }

  get offset(): string {
    return String(this.offsetNumber);
  }

  get timestamp(): string {
    return String(this.timestampMs);
  }

  /** Of nearly every record this is one look at one byte. */
  get hasHeaders(): boolean {
    return this.buffer[this.valueFrom + Math.max(0, this.valueLength)] !== 0;
  }

  get headers(): Readonly<Record<string, Buffer | (Buffer | null)[] | null>> {
    const varints = new Varints(this.buffer, this.valueFrom + Math.max(0, this.valueLength));
    const count = varints.next();
    if (count === 0) return NO_HEADERS as Record<string, never>;
    const headers: Record<string, Buffer | (Buffer | null)[] | null> = {};
    for (let i = 0; i < count; i++) {
      const name = String(this.nextPart(varints) ?? '');
      const value = this.nextPart(varints);
      const before = headers[name];
      if (before === undefined) headers[name] = value;
      else if (Array.isArray(before)) before.push(value);
      else headers[name] = [before, value];
    }
    return headers;
  }

  get isControlRecord(): boolean {
    return false;
  }

  get magicByte(): number {
    return MAGIC;
  }

  get attributes(): number {
    return 0;
  }

  get batchContext(): { readonly producerId: string; readonly inTransaction: boolean } {
    return { producerId: '-1', inTransaction: false };
  }

  private part(from: number, length: number): Buffer | null {
    return length < 0 ? null : this.buffer.subarray(from, from + length);
  }

  private nextPart(varints: Varints): Buffer | null {
    const length = varints.next();
    const from = varints.at;
    varints.at += Math.max(0, length);
    return this.part(from, length);
  }
}
