import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTickFiles } from '../../src/feeds/files.ts';
import type { FileTick } from '../../src/feeds/format.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { parseUs } from '../../src/domain/time.ts';

const SAMPLE = join(PROJECT_DIR, 'data', 'sample', 'oanda-eurusd');
const dir = mkdtempSync(join(tmpdir(), 'tickloom-feed-'));
const options = { venue: 'v', symbol: 'A/B' };

async function read(format: string, paths: string | string[], more = {}): Promise<FileTick[]> {
  const ticks: FileTick[] = [];
  for await (const tick of readTickFiles([paths].flat(), format, { ...options, ...more })) {
    ticks.push(tick);
  }
  return ticks;
}

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

describe('feed files', () => {
  test('a recorded LEAN day: all rows, times from the file name, repeats with the id of the first', async () => {
    const ticks = await read('lean-quote', join(SAMPLE, '20140504_quote.zip'));
    expect(ticks.length).toBe(1164);
    expect(ticks[0]?.tick.ts).toBeGreaterThanOrEqual(parseUs('2014-05-04'));
    expect(ticks.every(({ tick, receivedUs }) => receivedUs === tick.ts)).toBe(true);
    const keys = ticks.map(({ tick }) => `${tick.ts}|${tick.id}`);
    const again = await read('lean-quote', join(SAMPLE, '20140504_quote.zip'));
    expect(again.map(({ tick }) => `${tick.ts}|${tick.id}`)).toEqual(keys);
  });

  test('recorded Binance frames: trades with the venue’s ids and times, quotes at the receive time', async () => {
    const path = join(PROJECT_DIR, 'test', 'fixtures', 'feeds', 'btcusdt_frames.gz');
    const ticks = await read('binance-frames', path);
    const trades = ticks.filter(({ tick }) => tick.kind === 'trade');
    expect(trades[0]).toMatchObject({
      tick: { id: '3735683259', ts: 1723161255342000, price: '61837.63000000', side: 'sell' },
      receivedUs: 1723161254087896,
    });
    const ids = trades.map(({ tick }) => Number(tick.id));
    expect(ids.at(-1)).toBe((ids[0] ?? 0) + ids.length - 1);
    const quotes = ticks.filter(({ tick }) => tick.kind === 'quote');
    expect(quotes.every(({ tick, receivedUs }) => tick.ts === receivedUs)).toBe(true);
  });

  test('ids count the ticks of a moment, an exact repeat keeps its predecessor’s', async () => {
    const rows = ['5,1,2', '5,1,2', '5,1,3', '5,1,2', '6,1,2'].join('\n');
    const ticks = await read('lean-quote', file('20140101_q.csv', rows));
    expect(ticks.map(({ tick }) => tick.id)).toEqual(['0', '0', '1', '2', '0']);
  });

  test('a repeat is one by its numbers, however they are written', async () => {
    const rows = 'ts,price,size\n2014-01-01,1,2\n2014-01-01,1.0,2.00\n2014-01-01,1.5,2\n';
    const ticks = await read('csv', file('repeat.csv', rows));
    expect(ticks.map(({ tick }) => tick.id)).toEqual(['0', '0', '1']);
  });

  test('csv by column names, trades and quotes, microseconds or text times', async () => {
    const trades = file('t.csv', 'ts,price,size,side,id\n1700000000000001,1.50,2,buy,7\n');
    expect((await read('csv', trades))[0]?.tick).toEqual({
      kind: 'trade',
      ...options,
      id: '7',
      ts: 1700000000000001,
      price: '1.50',
      size: '2',
      side: 'buy',
    });
    const quotes = file('q.csv', 'ts,bid,ask\n2024-01-01T00:00:00.000001Z,1,2\n');
    expect((await read('csv', quotes))[0]?.tick).toMatchObject({
      kind: 'quote',
      ts: parseUs('2024-01-01') + 1,
      bid: '1',
      ask: '2',
    });
  });

  test('csv times of every unit are exact to the microsecond, and count from --date', async () => {
    const of = async (column: string, value: string, more = {}) =>
      (await read('csv', file('u.csv', `${column},price,size\n${value},1,1\n`), more))[0]?.tick.ts;
    expect(await of('ts', '1735689600123456')).toBe(1735689600123456);
    expect(await of('ts_ms', '1735689600123')).toBe(1735689600123000);
    expect(await of('ts_ms', '1735689600123.456')).toBe(1735689600123456);
    expect(await of('ts_s', '1735689600.123456')).toBe(1735689600123456);
    const day = { date: '2014-05-01' };
    expect(await of('ts_ms', '1500', day)).toBe(parseUs('2014-05-01') + 1_500_000);
  });

  test.each([
    ['csv', 'a.csv', 'time,price\n', /a\.csv:1: expected a header/],
    ['csv', 'b.csv', 'ts,price,size\n2024-01-01,abc,1\n', /b\.csv:2: price: "abc" is not a number/],
    ['ndjson', 'c.ndjson', '{"kind":"trade"}\n', /c\.ndjson:1: venue: is missing/],
    ['ndjson', 'd.ndjson', 'nonsense\n', /d\.ndjson:1: expected JSON/],
    ['binance-frames', 'e.txt', '123 {}\n', /e\.txt:1: expected receive time/],
    ['lean-quote', '20140101_x.csv', '1,2\n', /20140101_x\.csv:1: expected milliseconds,bid,ask/],
  ])('%s names file and line of what it cannot read', async (format, name, text, message) => {
    await expect(read(format, file(name, text))).rejects.toThrow(message);
  });

  test('an unknown format names those that there are', async () => {
    await expect(read('xml', [])).rejects.toThrow(/ndjson, csv, binance-frames, lean-quote/);
  });
});
