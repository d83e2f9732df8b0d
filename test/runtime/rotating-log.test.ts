/** Logs stay within their bounds and lose nothing but what is oldest. */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RotatingLog, rotateInPlace } from '../../src/runtime/rotating-log.ts';

const BOUNDS = { maxBytes: 100, keep: 2 };
const dir = (): string => mkdtempSync(join(tmpdir(), 'tickloom-log-'));
const line = (n: number): string => `${String(n).padStart(9)}\n`;

describe('a log', () => {
  test('keeps so many files of so many bytes, the newest lines whole and in order', () => {
    const path = join(dir(), 'jobs.log');
    for (let n = 0; n < 95; n++) {
      // Opened anew now and then, as by a process that starts again.
      const log = new RotatingLog(path, BOUNDS);
      log.write(Buffer.from(line(n)));
      log.close();
    }
    const text = ['.2', '.1', ''].map((end) => readFileSync(path + end, 'utf8')).join('');
    const expected = Array.from({ length: 25 }, (_, i) => line(i + 70)).join('');
    expect(text).toBe(expected);
    expect(readdirSync(join(path, '..'))).toHaveLength(3);
  });

  test('that cannot be written loses lines and throws nothing', () => {
    const path = join(dir(), 'sink.log');
    mkdirSync(path);
    expect(() => new RotatingLog(path, BOUNDS).write(Buffer.from('x'))).not.toThrow();
    expect(() => rotateInPlace(join(path, 'none'), BOUNDS)).not.toThrow();
  });

  test('of another program is cut off where it lies', () => {
    const path = join(dir(), 'redis.log');
    for (let n = 0; n < 12; n++) appendFileSync(path, line(n));
    rotateInPlace(path, BOUNDS);
    appendFileSync(path, line(12));
    expect(readFileSync(path, 'utf8')).toBe(line(12));
    expect(readFileSync(`${path}.1`, 'utf8')).toHaveLength(120);
  });
});
