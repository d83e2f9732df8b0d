/** Since when a recording says that its ticks were known: what is taken, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readTickFiles } from '../../src/feeds/files.ts';
import { asClaimed, parseKnownAt } from '../../src/feeds/known-at.ts';
import { parseUs, US_PER_DAY } from '../../src/domain/time.ts';

const TS = parseUs('2024-01-01T00:00:00.000001Z');
const NOW = TS + 400 * US_PER_DAY;
const dir = mkdtempSync(join(tmpdir(), 'tickloom-known-at-'));
afterAll(() => rmSync(dir, { recursive: true }));

test.each<[string, string, number]>([
  ['seen', String(TS + 7), TS + 7],
  ['seen', '2024-01-01T00:00:01Z', TS - 1 + 1_000_000],
  ['seen_ms', String((TS - 1) / 1_000 + 5), TS - 1 + 5_000],
  ['seen_s', `${(TS - 1) / 1e6}.5`, TS - 1 + 500_000],
  ['seen', String(TS - 1), TS],
])('%s of %s is taken', (column, cell, us) => {
  expect(parseKnownAt(column, cell, TS, NOW)).toBe(us);
});

test.each<[string, string, string]>([
  ['seen', '', 'whole microseconds'],
  ['seen', 'yesterday', 'whole microseconds'],
  ['seen', '1e15', 'whole microseconds'],
  ['seen', '-5', 'whole microseconds'],
  ['seen_ms', '2024-01-01T00:00:01Z', 'whole microseconds'],
  ['seen', String(Math.floor(TS / 1_000)), 'another unit'],
  ['seen', String(TS * 1_000), 'a time to come'],
  ['seen', String(NOW + 1), 'a time to come'],
  ['seen', '99999999999999999999', 'a time to come'],
])('%s of "%s" is refused', (column, cell, why) => {
  expect(parseKnownAt(column, cell, TS, NOW)).toContain(why);
});

async function fed(knownAt: string, text: string): Promise<number[]> {
  const path = join(dir, 'a.csv');
  writeFileSync(path, text);
  const column = knownAt === 'ts' ? {} : { knownAt };
  const source = readTickFiles([path], 'csv', { venue: 'v', symbol: 'A', ...column });
  const claims: number[] = [];
  for await (const { receivedUs } of asClaimed(source, knownAt)) claims.push(receivedUs - TS);
  return claims;
}

test('a file is fed with the times of its column, never rounded to before them', async () => {
  const text = `ts,price,size,Seen\n${TS},1,1,${TS + 1_000}\n${TS + 5},1,1,${TS}\n`;
  // Whole milliseconds behind the epoch; the start is one microsecond behind one.
  expect(await fed('seen', text)).toEqual([1_999, 999]);
  expect(await fed('ts', text)).toEqual([0, 5]);
});

test('a line without a claim, and a file without the column, are refused with the reason', async () => {
  await expect(fed('seen', `ts,price,size\n${TS},1,1\n`)).rejects.toThrow('a.csv:1');
  await expect(fed('seen', `ts,price,size,seen\n${TS},1,1,\n`)).rejects.toThrow(/a\.csv:2.*seen/);
});
