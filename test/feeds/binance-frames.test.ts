/** Whose clock a frame's tick takes, and what is made of frames of every market of Binance. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTickFiles, type FileProblem } from '../../src/feeds/files.ts';
import type { FileTick } from '../../src/feeds/format.ts';

const dir = mkdtempSync(join(tmpdir(), 'tickloom-frames-'));
const RECEIVED = 1_723_161_254_087_891;
const T = 1_723_161_255_342;

let files = 0;
async function read(frames: readonly object[], receivedNs = `${RECEIVED}268`) {
  const path = join(dir, `${(files += 1)}.txt`);
  writeFileSync(path, frames.map((frame) => `${receivedNs} ${JSON.stringify(frame)}\n`).join(''));
  const ticks: FileTick[] = [];
  const problems: FileProblem[] = [];
  const options = { venue: 'binance', symbol: 'BTC/USDT' };
  const source = readTickFiles([path], 'binance-frames', options, (each) => problems.push(each));
  for await (const tick of source) ticks.push(tick);
  return { ticks: ticks.map(({ tick }) => tick), receivedUs: ticks[0]?.receivedUs, problems };
}

const of = (stream: string, data: object) => ({ stream: `btcusdt@${stream}`, data });
const book = { u: 5, s: 'BTCUSDT', b: '10.0', B: '1', a: '11.0', A: '2' };
const trade = { e: 'trade', E: T + 1, s: 'BTCUSDT', t: 7, p: '10.5', q: '2', T, m: true };
const aggTrade = { ...trade, e: 'aggTrade', a: 3, f: 7, l: 9 };

describe('Binance frames', () => {
  test('a quote of the futures takes the exchange’s own time, one of spot the receive time', async () => {
    const usdM = { e: 'bookTicker', ...book, T, E: T + 3 };
    const { ticks, receivedUs } = await read([
      of('bookTicker', book),
      of('bookTicker', usdM),
      of('bookTicker', { ...usdM, T: undefined }),
      of('bookTicker', { ...usdM, T: String(T) }),
    ]);
    expect(ticks.map(({ ts }) => ts)).toEqual([RECEIVED, T * 1000, (T + 3) * 1000, T * 1000]);
    expect(receivedUs).toBe(RECEIVED);
    expect(ticks[1]).toMatchObject({ kind: 'quote', id: '5', bid: '10.0', bid_size: '1' });
  });

  test('a trade takes T, not E, of every market; microseconds where they were asked for', async () => {
    const { ticks } = await read([
      of('trade', trade),
      of('trade', { ...trade, ps: 'BTCUSD', X: 'MARKET' }),
      of('trade', { ...trade, T: T * 1000 + 7 }),
      of('trade', { ...trade, p: 10.5, q: 2, m: false }),
      of('trade', { ...trade, m: undefined }),
    ]);
    expect(ticks.map(({ ts }) => ts - T * 1000)).toEqual([0, 0, 7, 0, 0]);
    expect(ticks[0]).toMatchObject({ kind: 'trade', id: '7', price: '10.5', side: 'sell' });
    expect(ticks[3]).toMatchObject({ price: 10.5, size: 2, side: 'buy' });
    expect(ticks[4]).not.toHaveProperty('side');
  });

  test('aggregated trades count where no single ones came before, never both', async () => {
    const agg = await read([of('aggTrade', aggTrade), of('trade', trade)]);
    expect(agg.ticks).toMatchObject([{ kind: 'trade', id: '3', ts: T * 1000 }]);
    const single = await read([of('trade', trade), of('aggTrade', aggTrade)]);
    expect(single.ticks).toMatchObject([{ id: '7' }]);
  });

  test('frames of a single stream, without its name', async () => {
    const { ticks, problems } = await read([trade, book, { e: 'depthUpdate', u: 1, b: [], a: [] }]);
    expect(ticks.map(({ kind }) => kind)).toEqual(['trade', 'quote']);
    expect(problems).toEqual([]);
  });

  test('an empty side of the book is no side, and what was no trade of the market is left out', async () => {
    const { ticks, problems } = await read([
      of('bookTicker', { ...book, b: '0.00000000', B: '0.00000000' }),
      of('trade', { ...trade, p: '0', q: '0', X: 'NA' }),
    ]);
    expect(ticks).toHaveLength(1);
    expect(ticks[0]).toMatchObject({ ask: '11.0', ask_size: '2' });
    expect(ticks[0]).not.toHaveProperty('bid');
    expect(problems).toEqual([]);
  });

  test('frames of another instrument, without a time or with a price that is none are set apart', async () => {
    const { ticks, problems } = await read([
      of('trade', trade),
      of('trade', { ...trade, s: 'ETHUSDT' }),
      of('trade', { ...trade, T: undefined }),
      of('trade', { ...trade, p: 'NaN' }),
      of('bookTicker', { ...book, a: '-1' }),
    ]);
    expect(ticks).toHaveLength(1);
    expect(problems.map(({ line, column }) => [line, column])).toEqual([
      [2, 's'],
      [3, 'T'],
      [4, 'price'],
      [5, 'ask'],
    ]);
  });

  test('a receive time in another unit is set apart', async () => {
    const { ticks, problems } = await read([of('trade', trade)], String(RECEIVED));
    expect(ticks).toEqual([]);
    expect(problems[0]?.reason).toContain('receive time in ns (19 digits)');
  });
});
