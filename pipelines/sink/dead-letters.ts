/**
 * A record that a stage cannot take -> the record of `dead-letters`, its place to be noted, and a
 * row of `quality_events`
 */
import { toDeadLetter, plainText, type DeadPlace } from '../../src/domain/dead-letter.ts';
import { AHEAD_MAX_US } from '../../src/domain/control.ts';
import { LATEST_US } from '../../src/domain/time.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import type { LogRecord, OutRecord } from '../../src/stream/stage.ts';
import type { QualityRow } from '../../src/questdb/tables/quality-events.ts';
import { qualityRow, formatSource } from './sink.ts';

export interface Dead {
  readonly source: LogRecord;
  readonly reason: string;
  readonly detail: string;
}

/** `topic`: the full name of `dead-letters`. */
export const deadLetterRecord = ({ source, reason, detail }: Dead, topic: string): OutRecord => ({
  topic,
  ...toDeadLetter(source, reason, detail),
});

export const toPlace = ({ source, reason, detail }: Dead): DeadPlace => {
  const { topic, partition, offset } = source;
  return { topic, partition, offset, reason, detail };
};

/** At the record's own time, or at `byUs`, the log's clock, where that cannot be right. */
export function malformedRow({ source, reason, detail }: Dead, byUs: number): QualityRow {
  const { topic, partition, offset, timestampUs, key } = source;
  const isTime = timestampUs >= 0 && timestampUs <= (byUs || LATEST_US) + AHEAD_MAX_US;
  const ts = isTime ? timestampUs : byUs;
  const at = { ts, knownAt: ts, source: formatSource(topic, partition, String(offset), null) };
  const instrument = key === null ? null : parseInstrumentKey(key);
  return qualityRow('malformed', at, instrument, { reason, detail: plainText(detail) });
}
