/** The user's own requests: what is understood, and what is said of what is not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { literal, openDuckdb } from '../../../pipelines/dataset/duckdb.ts';
import { readEntities } from '../../../pipelines/dataset/entity-reader.ts';
import { toEntities, readEntityFile } from '../../../pipelines/dataset/entities.ts';

const known = [
  { venue: 'oanda', symbol: 'EUR/USD' },
  { venue: 'binance', symbol: 'BTC/USDT' },
  { venue: 'kraken', symbol: 'BTC/USDT' },
];
const CSV = `venue,symbol,ts
oanda,EUR/USD,2014-05-01T00:00:00.000000Z
binance,BTC/USDT,2014-05-01T00:00:00.000001Z
oanda,EUR/USD,2014-05-01T00:00:00.000000Z
`;
const rows = [
  { symbol: 'EUR/USD', ts: '2014-05-01' },
  { symbol: 'BTC/USDT', venue: 'binance', ts: 1_398_902_400_000_001 },
  { symbol: 'oanda:EUR/USD', ts: '2014-05-01T02:00:00+02:00' },
];

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tickloom-entities-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('requests are kept in their order, each with its venue and its microsecond', () => {
  const { csv, rows: count, instruments } = toEntities(rows, known);
  expect([csv, count]).toEqual([CSV, 3]);
  expect(instruments).toEqual(['binance:BTC/USDT', 'oanda:EUR/USD']);
});

test('a CSV file and a Parquet file of the same requests are the same requests', async () => {
  const lines = rows.map(({ symbol, venue = '', ts }) => `${ts},${symbol},${venue}`);
  const csv = join(dir, 'asked.csv');
  writeFileSync(csv, ['event_timestamp,symbol,venue', ...lines].join('\n'));
  const parquet = join(dir, 'asked.parquet');
  const { db, close } = await openDuckdb({ dirs: [dir] });
  await db.run(
    `COPY (SELECT venue, symbol, ts::TIMESTAMPTZ AS event_timestamp
       FROM (VALUES ('oanda', 'EUR/USD', '2014-05-01 00:00:00'),
         ('binance', 'BTC/USDT', '2014-05-01 00:00:00.000001'),
         ('oanda', 'EUR/USD', '2014-05-01 00:00:00')) t(venue, symbol, ts))
     TO ${literal(parquet)} (FORMAT parquet)`,
  );
  close();
  for (const file of [csv, parquet]) {
    expect((await readEntityFile(file, known)).csv).toBe(CSV);
  }
});

test.each([
  [{ symbol: 'EUR/USD', ts: 'soon' }, 'request 1 of 1: "soon" is not'],
  [{ symbol: 'EUR/USD', ts: null }, 'request 1 of 1: "null" is no time'],
  [{ symbol: '', ts: 1 }, 'request 1 of 1 has no symbol'],
  [{ symbol: 'BTC/USDT', ts: 1 }, 'stored of binance, kraken; add a column "venue"'],
  [{ symbol: 'DOGE/USD', ts: 1 }, 'stored of no venue; add a column "venue"'],
])('%j is refused with its reason', (row, reason) => {
  expect(() => toEntities([row], known)).toThrow(reason);
});

test('a file without a time, or without a row, is refused with what it has', async () => {
  const file = join(dir, 'wrong.csv');
  writeFileSync(file, 'symbol,when\nEUR/USD,2014-05-01\n');
  await expect(readEntities(file, 'wrong.csv', known)).rejects.toThrow(
    'has the columns symbol, when; needed',
  );
  writeFileSync(file, 'symbol,ts\n');
  await expect(readEntities(file, 'wrong.csv', known)).rejects.toThrow('there is no request in it');
});
