/**
 * `quality_events` of kind `future`, and the log -> the ticks that were set apart, fed again once
 * their time has come
 *
 * An event names the place of its record, the sum of a flood the first and the last of them. What
 * is fed again and was stored already is a duplicate, so whole records may be fed: nothing is noted
 * apart here that the stages do not set apart themselves.
 */
import { readLog } from '../kafka/read-log.ts';
import { nowMs } from '../clock.ts';
import { AHEAD_MAX_US } from '../domain/control.ts';
import { instrumentKey } from '../domain/wire.ts';
import type { OutRecord } from '../stream/stage.ts';
import type { Instrument } from '../questdb/table.ts';
import type { Context } from '../runtime/context.ts';
import { installationTime } from '../runtime/installation-time.ts';

export interface Release {
  /** Null: all. */
  readonly instrument: Instrument | null;
  readonly isDry: boolean;
  readonly notify: (line: string) => void;
}

export interface Released {
  readonly released: number;
  /** Ticks whose time has not come. */
  readonly ahead: number;
  readonly nextTs: number | null;
  /** Records that retention has taken from the log. */
  readonly missing: number;
}

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly key: string;
}

const BATCH = 1_000;

export async function releaseFuture(
  context: Context,
  { instrument, isDry, notify }: Release,
): Promise<Released> {
  const nowUs = await installationTime(context);
  if (nowUs === null) throw new Error('the log has no clock yet: start the stages first');
  let [released, ahead, missing] = [0, 0, 0];
  let nextTs: number | null = null;
  for (const place of await findPlaces(context, instrument)) {
    let records: OutRecord[] = [];
    let found = 0;
    const send = async (): Promise<void> => {
      if (!isDry && records.length > 0) await context.outLog().append(records);
      records = [];
    };
    const waiting: Promise<void>[] = [];
    await readLog(context.kafka, place, ({ key, value }) => {
      if (key?.toString('utf8') !== place.key || value === null) return;
      found += 1;
      const times = readTimes(value);
      const latest = times.reduce((a, b) => Math.max(a, b), 0);
      if (latest > nowUs + AHEAD_MAX_US) {
        ahead += times.length;
        nextTs = Math.min(nextTs ?? Infinity, latest);
        return;
      }
      released += times.length;
      records.push({ topic: place.topic, key: place.key, value, timestampMs: nowMs() });
      if (records.length >= BATCH) waiting.push(send());
    });
    await Promise.all(waiting);
    await send();
    if (found === 0) missing += 1;
    notify(`${place.key}: ${place.topic}/${place.partition} from ${place.from} to ${place.to}`);
  }
  return { released, ahead, nextTs, missing };
}

/** Of each instrument the ranges of the log that its events name, without overlap. */
async function findPlaces(context: Context, instrument: Instrument | null): Promise<Place[]> {
  const of = instrument === null ? '' : ' AND venue = $1 AND symbol = $2';
  const rows = await context
    .questdbReader()
    .query<Instrument & { source: string; detail: string }>(
      `SELECT venue, symbol, source, detail FROM quality_events WHERE kind = 'future'${of}`,
      instrument === null ? [] : [instrument.venue, instrument.symbol],
    );
  const places = rows.map((row): Place => {
    const { last } = JSON.parse(row.detail) as { last?: string };
    const first = parsePlace(row.source);
    const to = last === undefined ? first.offset : parsePlace(last).offset;
    const { topic, partition, offset: from } = first;
    return { topic, partition, from, to: to + 1, key: instrumentKey(row) };
  });
  return joined(places);
}

function parsePlace(source: string): { topic: string; partition: number; offset: number } {
  const [topic = '', partition = '', offset = ''] = (source.split('#')[0] ?? '').split('/');
  return { topic, partition: Number(partition), offset: Number(offset) };
}

function joined(places: readonly Place[]): Place[] {
  const whole: Place[] = [];
  const partitionKey = ({ topic, partition, key }: Place): string => `${topic}/${partition}/${key}`;
  const sorted = places.toSorted((a, b) =>
    partitionKey(a) === partitionKey(b)
      ? a.from - b.from
      : partitionKey(a) < partitionKey(b)
        ? -1
        : 1,
  );
  for (const place of sorted) {
    const last = whole.at(-1);
    // Records between two of them are of others, or come twice without harm.
    if (
      last !== undefined &&
      partitionKey(last) === partitionKey(place) &&
      place.from <= last.to + BATCH
    ) {
      whole[whole.length - 1] = { ...last, to: Math.max(last.to, place.to) };
    } else {
      whole.push(place);
    }
  }
  return whole;
}

/** The event times in a record that was good once. */
function readTimes(value: Buffer): number[] {
  const json = JSON.parse(value.toString('utf8')) as { ts: number } | { ts: number }[];
  return (Array.isArray(json) ? json : [json]).map(({ ts }) => ts);
}
