/**
 * A position in a log, and a log -> whether the position was taken in this very log
 *
 * An offset alone says nothing: a topic that was deleted and made again, restored or swapped has
 * the same offsets, with other records. So a position carries the last record that was read before
 * it, by offset and hash, and that record has to be there still.
 */
import { createHash } from 'node:crypto';
import type { LogRecord } from './stage.ts';

/** A record that was read, and how to know it again. */
export interface LogMarker {
  readonly offset: number;
  /** 16 bytes. */
  readonly hash: Buffer;
}

/** The offsets that a partition holds: from `low` on, and `high` is the next one. */
export interface LogEnds {
  readonly low: number;
  readonly high: number;
}

/** What is known of a place in a log, and what has been found there. */
export interface Place {
  readonly position: number;
  /** Null: the position is from before there were markers, or nothing was read yet. */
  readonly marker: LogMarker | null;
}

export type Verdict =
  /** It is the same log; or nothing that was read is left to hold against it (`why`). */
  | { readonly type: 'holds'; readonly why?: string }
  /** The position has no marker; what was found may become it. */
  | { readonly type: 'adopt' }
  | { readonly type: 'stop'; readonly why: string };

const HASH_BYTES = 16;

/** The record as a marker: a hash over its key, value and timestamp in milliseconds. */
export function toMarker(
  record: Pick<LogRecord, 'offset' | 'key' | 'value' | 'timestampUs'>,
): LogMarker {
  const { offset, key, value, timestampUs } = record;
  const keyBytes = key === null ? null : Buffer.from(key, 'utf8');
  const head = `${timestampUs / 1000} ${keyBytes?.length ?? 'null'} ${value?.length ?? 'null'} `;
  const hash = createHash('sha256').update(head);
  if (keyBytes !== null) hash.update(keyBytes);
  if (value !== null) hash.update(value);
  return { offset, hash: hash.digest().subarray(0, HASH_BYTES) };
}

/** The last of the records below a position, in order; `before` where none of them is. */
export function markerBelow(
  records: readonly LogRecord[],
  position: number,
  before: LogMarker | null,
): LogMarker | null {
  const last = records.findLast(({ offset }) => offset < position);
  return last === undefined ? before : toMarker(last);
}

/**
 * Whether the log is the one in which the position was taken. `found` is the first record at or
 * behind the marker's offset (without a marker: at or behind the position's predecessor); null
 * where none was delivered, and undefined where nobody has looked yet: then only the ends speak.
 */
export function judgeLog(
  { position, marker }: Place,
  { low, high }: LogEnds,
  found: LogMarker | null | undefined,
): Verdict {
  if (high < position) {
    return stop(`it ends at ${high}, and this stage has read to ${position}`);
  }
  if (low > position) {
    return stop(
      `it no longer holds offset ${position} (it begins at ${low}): retention has passed`,
    );
  }
  if (marker === null) return { type: 'adopt' };
  if (low > marker.offset) {
    return {
      type: 'holds',
      why: `it begins at ${low}, behind the last record that was read (${marker.offset})`,
    };
  }
  if (found === undefined) return { type: 'holds' };
  const expected = `expected at ${marker.offset} the record ${shown(marker)}`;
  if (found === null) return stop(`${expected}, found none`);
  if (found.offset !== marker.offset) {
    return stop(`${expected}, found none there; the next one is at ${found.offset}`);
  }
  if (!found.hash.equals(marker.hash)) return stop(`${expected}, found ${shown(found)}`);
  return { type: 'holds' };
}

const stop = (why: string): Verdict => ({ type: 'stop', why });

const shown = ({ hash }: LogMarker): string => hash.toString('hex');

/** The log of a topic is not the one that a stage has read, or no longer holds what it needs. */
export class LogMismatchError extends Error {
  constructor(topic: string, partition: number, why: string) {
    super(
      `${topic}/${partition} is not as this stage has left it: ${why}. Bring back the topic that ` +
        'it has read; or, to take up what is there now, see what there is with ' +
        `tickloom topics accept ${topic} --partition ${partition} --from start|end|position, ` +
        'and add --yes',
    );
    this.name = 'LogMismatchError';
  }
}
