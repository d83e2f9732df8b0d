/**
 * The topic `dead-letters` -> what lies in it, once for each source, and back to where it came from
 *
 * A crash between two steps of a stage may leave a record there twice; its source place shows it.
 */
import { endOffsets, withAdmin } from '../kafka/kafka.ts';
import { readLog, type ReadRecord } from '../kafka/read-log.ts';
import { noteResent, resentPlaces } from '../postgres/tables/dead-letters.ts';
import type { Context } from '../runtime/context.ts';

export interface DeadRecord {
  /** `topic/partition/offset` of its source; where it lies itself, of a row that came from none. */
  readonly place: string;
  /** `dead-letters/partition/offset`. */
  readonly lies_at: string;
  readonly reason: string;
  readonly detail: string;
  /** The record timestamp of its source, in microseconds. */
  readonly record_ts: number;
  readonly was_resent: boolean;
  readonly record: ReadRecord;
}

export interface DeadFilter {
  /** Without the installation's prefix, or with it. */
  readonly topic?: string | undefined;
  readonly reason?: string | undefined;
  /** Of its source, or where it lies in `dead-letters`. */
  readonly place?: string | undefined;
}

/** Every dead record that fits, the oldest record first. `last`: no more than the newest ones. */
export async function deadRecords(
  context: Context,
  filter: DeadFilter,
  last = Infinity,
): Promise<DeadRecord[]> {
  const { kafka, postgres, topicName } = context;
  const topic = topicName('dead-letters');
  const ends = await withAdmin(kafka, (admin) => endOffsets(admin, topic));
  const resent = await resentPlaces(postgres);
  const found = new Map<string, DeadRecord>();
  const wanted = filter.topic === undefined ? null : [filter.topic, topicName(filter.topic)];
  for (const partition of ends.keys()) {
    await readLog(kafka, { topic, partition }, (record) => {
      const dead = toDeadRecord(record, topic, resent);
      const { place } = filter;
      if (place !== undefined && dead.place !== place && dead.lies_at !== place) return;
      if (filter.reason !== undefined && dead.reason !== filter.reason) return;
      if (wanted !== null && !wanted.includes(record.headers['source_topic'] ?? '')) return;
      found.set(dead.place, dead);
      // What is given in the end is bounded, so is what is held meanwhile.
      if (found.size > 4 * last) keepNewest(found, last);
    });
  }
  keepNewest(found, last);
  return [...found.values()].toSorted(byAge);
}

/** `place`: of its source, or where it lies in `dead-letters`. Null: there is no such record. */
export async function deadRecordAt(context: Context, place: string): Promise<DeadRecord | null> {
  return (await deadRecords(context, { place })).at(-1) ?? null;
}

const byAge = (a: DeadRecord, b: DeadRecord): number =>
  a.record_ts - b.record_ts || a.record.offset - b.record.offset;

function keepNewest(found: Map<string, DeadRecord>, last: number): void {
  const older = [...found.values()].toSorted(byAge).slice(0, Math.max(0, found.size - last));
  for (const { place } of older) found.delete(place);
}

function toDeadRecord(record: ReadRecord, topic: string, resent: ReadonlySet<string>): DeadRecord {
  const { headers, partition, offset, timestampMs } = record;
  const liesAt = `${topic}/${partition}/${offset}`;
  const { source_topic: of, source_partition: part, source_offset: at } = headers;
  const place = of === undefined ? liesAt : `${of}/${part}/${at}`;
  return {
    place,
    lies_at: liesAt,
    reason: headers['reason'] ?? '',
    detail: headers['detail'] ?? '',
    record_ts: timestampMs * 1_000,
    was_resent: resent.has(place),
    record,
  };
}

/** Why a dead record cannot be sent again, or null where it can. */
export function unsendable({ record: { headers } }: DeadRecord): string | null {
  if (headers['source_topic'] === undefined) return 'it is a row, and came from no one record';
  return headers['cut'] === undefined ? null : `its bytes were cut (${headers['cut']})`;
}

/**
 * Sends the bytes to the partition that they came from, as a new record. The stages take it like
 * any other: what was booked already changes nothing, what is still wrong is dead again.
 */
export async function resend(context: Context, dead: readonly DeadRecord[]): Promise<void> {
  const records = dead.map(({ place, record }) => ({
    topic: record.headers['source_topic'] ?? '',
    partition: Number(record.headers['source_partition']),
    key: record.key === null ? null : record.key.toString('utf8'),
    value: record.value,
    timestampMs: record.timestampMs,
    headers: { resent_from: place },
  }));
  await context.outLog().append(records);
  for (const { reason, detail, record } of dead) {
    const { source_topic: topic = '', source_partition: partition, source_offset } = record.headers;
    const place = { topic, partition: Number(partition), offset: Number(source_offset) };
    await noteResent(context.postgres, { ...place, reason, detail });
  }
}
