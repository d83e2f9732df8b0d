import { describe, expect, test } from 'vitest';
import { LogClock } from '../../../pipelines/stream/log-clock.ts';
import {
  applyControl,
  initialControlState,
  type ClockControl,
} from '../../../src/domain/control.ts';
import type { Control } from '../../../src/domain/wire.ts';
import { decodeTicks } from '../../../src/stream/decode.ts';
import type { LogRecord } from '../../../src/stream/stage.ts';

const S = 1_000_000;
/** Some present. */
const NOW = 1_795_776_257 * S;
const YEAR = 365 * 86_400 * S;

const clock = (ts: number, more: Partial<ClockControl> = {}): Control => ({
  kind: 'control',
  control_id: `clock:${ts}`,
  type: 'clock',
  subject: 'clock',
  body: { ts, ...more },
  hmac: '0'.repeat(64),
});
const cut = (value: number): Control => ({
  ...clock(0),
  control_id: 'cut',
  type: 'cut',
  version: 1,
  body: { value },
});

const makeRecord = (offset: number, key: string | null, json: object, us: number): LogRecord => ({
  topic: 'ticks',
  partition: 0,
  offset,
  timestampUs: us,
  key,
  value: Buffer.from(JSON.stringify(json)),
});
const tick = (offset: number, ts: number, recordUs = ts): LogRecord => {
  const trade = { kind: 'trade', venue: 'v', symbol: 'A', id: String(offset), ts };
  return makeRecord(offset, 'v:A', { ...trade, price: 1, size: 1 }, recordUs);
};
const clockAt = (offset: number, ts: number, more: Partial<ClockControl> = {}): LogRecord =>
  makeRecord(offset, null, clock(ts, more), ts);

const verify = () => 'ours' as const;

/** By which time the first record is judged, with a clock before it or none. */
function judged(records: readonly LogRecord[], before: ClockControl | null): number | null {
  const control = initialControlState();
  if (before !== null) applyControl(control, clock(before.ts, before));
  const [first] = records;
  if (first === undefined) throw new Error('a record is needed');
  const decoded = decodeTicks(first.key, first.value, verify);
  return new LogClock(control, verify).judge(decoded, records, 0);
}

describe('by which time a record is judged', () => {
  test('what is not a minute ahead: by the last clock', () => {
    expect(judged([tick(1, NOW + 60 * S)], { ts: NOW })).toBe(NOW);
    expect(judged([tick(1, NOW - YEAR)], { ts: NOW })).toBe(NOW);
  });

  test('what is further ahead, in a record made just behind the clock: by that clock', () => {
    expect(judged([tick(1, NOW + YEAR, NOW + 10 * S)], { ts: NOW })).toBe(NOW);
  });

  test('what is further ahead by its own timestamp too: by the next clock', () => {
    const ahead = tick(1, NOW + YEAR);
    expect(judged([ahead], { ts: NOW }), 'which is not there yet').toBeNull();
    expect(judged([ahead, tick(2, NOW), clockAt(3, NOW + 9 * S)], { ts: NOW })).toBe(NOW + 9 * S);
  });

  test('what was made while nobody sent clocks: by the next one', () => {
    const behind = [tick(1, NOW + 2 * 86_400 * S), clockAt(2, NOW + 3 * 86_400 * S)];
    expect(judged(behind, { ts: NOW })).toBe(NOW + 3 * 86_400 * S);
  });

  test('in a log from before there were clocks: by the first one', () => {
    expect(judged([tick(1, NOW - YEAR)], null)).toBeNull();
    expect(judged([tick(1, NOW - YEAR), clockAt(900, NOW)], null)).toBe(NOW);
  });

  test('a timestamp of another unit does not show that the clock is recent', () => {
    // Seconds where milliseconds are meant, in an outage: it reads as 1970.
    const later = NOW + 3_600 * S;
    expect(judged([tick(1, later, later / 1000), clockAt(2, later + S)], { ts: NOW })).toBe(
      later + S,
    );
    // Microseconds: far ahead of every clock.
    expect(judged([tick(1, NOW, NOW * 1000), clockAt(2, NOW + S)], { ts: NOW })).toBe(NOW + S);
    expect(judged([tick(1, NOW, 9.2e21), clockAt(2, NOW + S)], { ts: NOW })).toBe(NOW + S);
  });

  test('a clock that was held back counts for ticks', () => {
    expect(judged([tick(1, NOW + YEAR)], { ts: NOW + YEAR, held: true })).toBe(NOW + YEAR);
    const next = [tick(1, NOW + YEAR), clockAt(2, NOW + YEAR, { held: true })];
    expect(judged(next, { ts: NOW })).toBe(NOW + YEAR);
  });

  test('an as-of barrier is bounded as well, and other records say what they will', () => {
    const of = (json: object, us: number): LogRecord => makeRecord(1, null, json, us);
    expect(judged([of(cut(NOW + YEAR), NOW)], { ts: NOW })).toBe(NOW);
    expect(judged([of(cut(NOW + YEAR), NOW)], null), 'without any clock').toBeNull();
    expect(judged([of({ ...cut(0), type: 'halt', body: {} }, NOW + YEAR)], { ts: NOW })).toBe(NOW);
  });

  test('a clock counts for what lies in front of it alone', () => {
    const control = initialControlState();
    const log = new LogClock(control, verify);
    expect(log.lookAhead([tick(4, NOW), clockAt(5, NOW)])).toBe(true);
    const judge = (record: LogRecord): number | null =>
      log.judge(decodeTicks(record.key, record.value, verify), [record], 0);
    expect(judge(tick(4, NOW))).toBe(NOW);
    expect(judge(tick(6, NOW))).toBeNull();
  });
});
