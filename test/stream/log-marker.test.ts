/** Whether a position was taken in the log that is there now: the verdict, case by case. */
import { describe, expect, test } from 'vitest';
import {
  judgeLog,
  LogMismatchError,
  markerBelow,
  toMarker,
  type LogEnds,
  type LogMarker,
} from '../../src/stream/log-marker.ts';
import type { LogRecord } from '../../src/stream/stage.ts';

const record = (offset: number, more: Partial<LogRecord> = {}): LogRecord => ({
  topic: 't',
  partition: 0,
  offset,
  timestampUs: 1_000_000,
  key: 'k',
  value: Buffer.from('v'),
  ...more,
});

describe('a marker', () => {
  test('is another one where key, value or timestamp differ, and their borders too', () => {
    const others: Partial<LogRecord>[] = [
      {},
      { key: null },
      { key: '' },
      { key: 'kv', value: Buffer.from('') },
      { key: '', value: Buffer.from('kv') },
      { value: null },
      { value: Buffer.from('w') },
      { timestampUs: 2_000_000 },
    ];
    const hashes = others.map((more) => toMarker(record(3, more)).hash.toString('hex'));
    expect(new Set(hashes).size).toBe(others.length);
    expect(hashes[0]).toHaveLength(32);
    expect(toMarker(record(3))).toEqual(toMarker(record(3)));
  });

  test('is the last record below the position, or the one from before', () => {
    const records = [record(3), record(4), record(7)];
    expect(markerBelow(records, 7, null)?.offset).toBe(4);
    expect(markerBelow(records, 9, null)?.offset).toBe(7);
    expect(markerBelow(records, 3, toMarker(record(1)))?.offset).toBe(1);
    expect(markerBelow([], 3, null)).toBeNull();
  });
});

describe('a log', () => {
  const marker = toMarker(record(41));
  const other = toMarker(record(41, { value: Buffer.from('of another log') }));
  const verdict = (
    ends: LogEnds,
    found: LogMarker | null | undefined,
    place = { position: 45, marker: marker as LogMarker | null },
  ): string => {
    const { type, ...rest } = judgeLog(place, ends, found);
    return `${type} ${(rest as { why?: string }).why ?? ''}`.trim();
  };

  test('holds where the record is the same, also with the ends of transactions behind it', () => {
    expect(verdict({ low: 0, high: 45 }, marker)).toBe('holds');
    expect(verdict({ low: 41, high: 1_000 }, marker)).toBe('holds');
  });

  test('is another one where the record differs or is missing', () => {
    expect(verdict({ low: 0, high: 100 }, other)).toMatch(
      /^stop expected at 41 .*, found [0-9a-f]/,
    );
    expect(verdict({ low: 0, high: 100 }, toMarker(record(43)))).toMatch(
      /^stop .*next one is at 43/,
    );
    expect(verdict({ low: 0, high: 100 }, null)).toMatch(/^stop .*found none/);
  });

  test('that ends before the position, or begins behind it, is refused by its ends alone', () => {
    for (const found of [undefined, null, marker]) {
      expect(verdict({ low: 0, high: 44 }, found)).toMatch(/^stop it ends at 44.* read to 45/);
      expect(verdict({ low: 46, high: 99 }, found)).toMatch(/^stop it no longer holds offset 45/);
    }
    expect(verdict({ low: 0, high: 0 }, undefined)).toMatch(/^stop/);
    expect(verdict({ low: 0, high: 45 }, undefined)).toBe('holds');
  });

  test('that was trimmed between the record and the position is taken, and said', () => {
    for (const low of [42, 45]) {
      expect(verdict({ low, high: 45 }, null)).toMatch(`holds it begins at ${low}, behind`);
      expect(verdict({ low, high: 99 }, toMarker(record(low)))).toMatch('holds it begins at');
    }
  });

  test('is taken for the right one by a position from before, as far as its ends allow', () => {
    const old = { position: 45, marker: null };
    expect(verdict({ low: 0, high: 45 }, other, old)).toBe('adopt');
    expect(verdict({ low: 45, high: 45 }, null, old)).toBe('adopt');
    expect(verdict({ low: 0, high: 44 }, other, old)).toMatch(/^stop it ends/);
    expect(verdict({ low: 0, high: 0 }, null, { position: 0, marker: null })).toBe('adopt');
  });

  test('that is refused is named, with the command that decides', () => {
    const { message } = new LogMismatchError('p-ticks', 2, 'it ends at 44');
    expect(message).toMatch(/^p-ticks\/2 is not as this stage has left it: it ends at 44\. /);
    expect(message).toContain('tickloom topics accept p-ticks --partition 2 --from start|end|');
  });
});
