import { describe, expect, test } from 'vitest';
import { toDeadLetter, plainKind, plainText } from '../../src/domain/dead-letter.ts';

const record = {
  ...{ topic: 'fills', partition: 2, offset: 7, timestampUs: 1_700_000_000_123_000 },
  ...{ key: 'a', value: Buffer.from([0, 255, 7]) },
};

describe('a dead letter', () => {
  test('has the bytes, key and time of its record, and says where it was and why', () => {
    expect(toDeadLetter(record, 'schema', '/price must match')).toEqual({
      ...{ key: 'a', value: Buffer.from([0, 255, 7]), timestampMs: 1_700_000_000_123 },
      headers: {
        ...{ source_topic: 'fills', source_partition: '2', source_offset: '7' },
        ...{ reason: 'schema', detail: '/price must match' },
      },
    });
    expect(toDeadLetter({ ...record, value: null }, 'empty_value', '').value.length).toBe(0);
  });

  test('always fits its topic: what was packed small and is large is cut, and says so', () => {
    const value = Buffer.alloc(5_000_000, 'x');
    const letter = toDeadLetter({ ...record, value }, 'bad_json', 'x'.repeat(1_000_000));
    expect(letter.value.length).toBe(1_536 * 1024);
    expect(letter.headers['cut']).toBe('the value has 5000000 bytes');
    expect(letter.headers['detail']?.length).toBe(500);
    const long = toDeadLetter({ ...record, key: 'k'.repeat(500_000) }, 'schema', '');
    expect(long.key).toBeNull();
    expect(long.headers['cut']).toBeDefined();
  });

  test('a record timestamp that is none does not go on', () => {
    for (const timestampUs of [9.2e21, -1_000, Number.NaN]) {
      expect(toDeadLetter({ ...record, timestampUs }, 'schema', '').timestampMs).toBe(0);
    }
  });

  test('texts of mismatches are bounded, without NUL and without half characters', () => {
    expect(plainText('a\u0000b\ud800c')).toBe('a\ufffdb\ufffdc');
    expect(plainText(`${'a'.repeat(499)}😀`).length).toBe(500);
    expect(plainKind('k'.repeat(5_000)).length).toBe(100);
  });
});
