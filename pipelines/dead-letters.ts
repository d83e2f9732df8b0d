/**
 * A record that a stage cannot take -> the record of `dead-letters`, its place to be noted, and a
 * row of `quality_events`
 */
import { deadLetterOf, plainText, type DeadPlace } from '../src/domain/dead-letter.ts';
import { instrumentOf } from '../src/domain/wire.ts';
import type { LogRecord, OutRecord } from '../src/stream/stage.ts';
import type { QualityRow } from '../src/tables/questdb/quality-events.ts';
import { qualityRow, sourceOf } from './sink.ts';

export interface Dead {
  readonly source: LogRecord;
  readonly reason: string;
  readonly detail: string;
}

/** `topic`: the full name of `dead-letters`. */
export const buried = ({ source, reason, detail }: Dead, topic: string): OutRecord => ({
  topic,
  ...deadLetterOf(source, reason, detail),
});

export const placeOf = ({ source, reason, detail }: Dead): DeadPlace => {
  const { topic, partition, offset } = source;
  return { topic, partition, offset, reason, detail };
};

/** At the record's own time, or at the beginning of time where that is none. */
export function malformedRow({ source, reason, detail }: Dead): QualityRow {
  const { topic, partition, offset, timestampUs, key } = source;
  const ts = timestampUs >= 0 && Number.isSafeInteger(timestampUs) ? timestampUs : 0;
  const at = { ts, knownAt: ts, source: sourceOf(topic, partition, String(offset), null) };
  const instrument = key === null ? null : instrumentOf(key);
  return qualityRow('malformed', at, instrument, { reason, detail: plainText(detail) });
}
