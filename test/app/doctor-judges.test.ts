import { describe, expect, test } from 'vitest';
import { judgeBounds, judgeClocks, judgeDisk, type Clocks } from '../../src/app/doctor-judges.ts';

const GB = 1e9;
const S = 1e6;
const NOW = Date.UTC(2026, 10, 27) * 1000;

describe('a disk', () => {
  const of = (free: number, total: number) => () =>
    judgeDisk({ path: '/data', freeBytes: free * GB, totalBytes: total * GB });

  test('is nearly full below 5 % of it, at most 20 GB, and never less than servers need', () => {
    expect(of(6, 100)()).toBe('6.0 GB of 100.0 GB are free in /data');
    expect(of(4.9, 100)).toThrow(
      /^4\.9 GB of 100\.0 GB are free in \/data, less than 5\.0 GB: free/,
    );
    expect(of(21, 4000)()).toContain('are free');
    expect(of(19, 4000)).toThrow('less than 20.0 GB');
    expect(of(1, 10)).toThrow('less than 1.1 GB');
    expect(of(1.2, 10)()).toContain('are free');
  });
});

describe('clocks', () => {
  const well: Clocks = { wallUs: NOW, postgresUs: NOW, logUs: NOW - 12 * S, heldUs: null };
  const of = (change: Partial<Clocks>) => () => judgeClocks({ ...well, ...change });

  test('are well while they agree, and before the log has one', () => {
    expect(of({})()).toMatch(
      /^this machine's clock says 2026-11-27T00:00:00.*, the log's 2026-11-26/,
    );
    expect(of({ postgresUs: NOW - 9 * S, logUs: NOW + 9 * S })()).toContain("the log's");
    expect(of({ logUs: null })()).toContain('the log has none yet');
  });

  test.each([
    [{ postgresUs: NOW - 11 * S }, /11 s ahead of that of PostgreSQL: set the wrong one right/],
    [{ postgresUs: NOW + 11 * S }, /11 s behind that of PostgreSQL/],
    [{ heldUs: NOW + 3600 * S }, /jumped to 2026-11-27T01:00.*tickloom clock accept/],
    [{ logUs: NOW + 11 * S }, /the log's is 11 s ahead .*set this one right/],
    [{ logUs: NOW - 61 * S }, /61 s behind this machine's.*Start the stages/],
  ])('%j are off', (change, what) => {
    expect(of(change)).toThrow(what);
  });
});

describe('a topic without a bound', () => {
  const ticks = { topic: 'ticks', isBound: false, bytes: 3 * GB };
  const fills = { topic: 'fills', isBound: false, bytes: 1 * GB };

  test('is well while there is twice the room of all of them', () => {
    expect(judgeBounds([ticks, fills], 8 * GB)).toContain('4.0 GB in all; 8.0 GB are free');
    expect(() => judgeBounds([ticks, fills], 7.9 * GB)).toThrow(
      /^ticks, fills: no bound by age or size, and they have 4\.0 GB, and 7\.9 GB are free/,
    );
  });

  test('is named where its disk cannot be seen, and one with a bound never is', () => {
    const elsewhere = [
      { ...ticks, bytes: null },
      { ...fills, isBound: true },
    ];
    expect(() => judgeBounds(elsewhere, null)).toThrow(/^ticks: .*cannot be seen from here/);
    expect(() => judgeBounds(elsewhere, 100 * GB)).toThrow(/^ticks: .*cannot be seen from here/);
    expect(judgeBounds([{ ...ticks, isBound: true, bytes: null }], null)).toMatch(
      /^each is bounded/,
    );
  });
});
