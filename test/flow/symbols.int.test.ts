/**
 * Symbols as venues have them, all the way: a file, the log, the stream, the tables, HTTP and the
 * folders of an export.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { duckRows, literal, openDuckdb } from '../../pipelines/dataset/duckdb.ts';
import { makeDataset } from '../../pipelines/dataset/make.ts';
import { verifyDataset } from '../../pipelines/dataset/verify.ts';
import { formatUs, parseUs, US_PER_MIN } from '../../src/domain/time.ts';
import { startServer, type ServerUnderTest } from '../http/server-under-test.ts';
import { tickloom } from '../support/command.ts';
import { Installation } from '../support/installation.ts';

const VENUE = 'symbols';
const SYMBOLS = [
  ...['^GSPC', 'ES=F', 'M&M.NS', 'BRK B', 'RELIANCE,NS', '100%', 'A*B', 'A?B#C', '/ES', '..'],
  ...[
    '币安人生/USDT:USDT',
    'BTC/USDT:USDT-241227-65000-C',
    `O'H"A\\B`,
    '<b>|x</b>',
    '币'.repeat(64),
  ],
];
const START = parseUs('2014-06-01T10:00:00Z');
const MINUTES = 5;
/** Instants at which a candle ends: of each minute, and at a quarter past and the full hour. */
const ENDS = MINUTES + 2;

const dir = mkdtempSync(join(tmpdir(), 'tickloom-symbols-'));
let installation: Installation;
let server: ServerUnderTest;
beforeAll(async () => {
  installation = new Installation();
  server = await startServer();
  for (const name of ['stream', 'sink'] as const) await installation.start(name);
});
afterAll(async () => {
  await installation.close();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Two trades a minute of every symbol, and a row that is none. */
function file(): string {
  const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const rows = ['ts,venue,symbol,id,price,size', `2014-06-01T24:00:00Z,${VENUE},X,1,1,1`];
  for (let i = 0; i < 2 * MINUTES; i++) {
    for (const symbol of SYMBOLS) {
      const ts = formatUs(START + (i * US_PER_MIN) / 2);
      rows.push([ts, VENUE, cell(symbol), i, 100 + i, 1].join());
    }
  }
  const path = join(dir, 'symbols.csv');
  writeFileSync(path, rows.join('\n'));
  return path;
}

const count = async (table: string): Promise<Record<string, number>> => {
  const rows = await installation.reader.query<{ symbol: string; n: number }>(
    `SELECT symbol, count() AS n FROM ${table} WHERE venue = $1 AND symbol != $2`,
    [VENUE, ''],
  );
  return Object.fromEntries(rows.map(({ symbol, n }) => [symbol, n]));
};

async function until(table: string, each: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  const wanted = Object.fromEntries(SYMBOLS.map((symbol) => [symbol, each]));
  for (;;) {
    const found = await count(table);
    if (Object.keys(found).length === SYMBOLS.length || performance.now() > deadline) {
      if (performance.now() > deadline || Object.values(found).every((n) => n >= each)) {
        expect(found).toEqual(wanted);
        return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

test('from a file into the tables', { timeout: 120_000 }, async () => {
  const path = file();
  const checked = await tickloom('feed', 'check', path, '--format', 'csv');
  expect([checked.code, checked.err]).toEqual([1, expect.stringContaining('csv:2: ts: ')]);
  // Known in its own time.
  const flags = ['--format', 'csv', '--skip-bad', '--known-at', 'ts'];
  const { code, out, err } = await tickloom('feed', 'file', path, ...flags);
  expect([code, err]).toEqual([0, expect.stringContaining('csv:2: ts: there is no such time')]);
  expect(out).toContain(`${SYMBOLS.length * 2 * MINUTES} ticks of`);
  expect(out).toContain('1 set apart');
  await until('ticks', 2 * MINUTES);
  await until('features', ENDS);
});

test('over HTTP, page by page', async () => {
  const get = async (path: string, query: Record<string, string>): Promise<unknown> => {
    const answer = await fetch(`${server.url}/v1/${path}?${new URLSearchParams(query)}`);
    return answer.json();
  };
  type Page = { items: { symbol: string; ts: string }[]; next: string | null };
  for (const symbol of SYMBOLS) {
    const query = { venue: VENUE, symbol, timeframe: '1m', limit: '3' };
    const first = (await get('candles', query)) as Page;
    expect(first.items.map((item) => item.symbol)).toEqual([symbol, symbol, symbol]);
    const rest = (await get('candles', { ...query, after: String(first.next) })) as Page;
    expect(rest.items).toHaveLength(MINUTES - 3);
  }
  const { items } = (await get('instruments', { limit: '1000' })) as Page;
  const symbols = new Set(items.map(({ symbol }) => symbol));
  expect(SYMBOLS.filter((symbol) => !symbols.has(symbol))).toEqual([]);
});

test('into the folders of an export, and out of them again', { timeout: 60_000 }, async () => {
  const out = join(dir, 'set');
  const symbols = SYMBOLS.map((symbol) => `${VENUE}:${symbol}`);
  const range = { from: formatUs(START), to: formatUs(START + 60 * US_PER_MIN) };
  const ask = { ...range, symbols, label: 'none', keep: 'all', as_of: '2014-07-01' } as const;
  const manifest = await makeDataset(installation.context, ask, { out, entities: null });
  // The full hour is the end of the range, and not of it.
  expect(manifest.rows).toBe(SYMBOLS.length * (ENDS - 1));
  expect(readdirSync(join(out, 'date=2014-06-01'))).toHaveLength(SYMBOLS.length);
  const options = { dir: out, entities: async () => null };
  expect(await verifyDataset(installation.reader, manifest, options)).toEqual([]);
  const { db, close } = await openDuckdb({ dirs: [out] });
  const back = await duckRows<{ symbol: string }>(
    db,
    `SELECT DISTINCT symbol FROM read_parquet(${literal(join(out, '**', '*.parquet'))},
       hive_partitioning = true, hive_types_autocast = false)`,
  );
  close();
  expect(back.map(({ symbol }) => symbol).toSorted()).toEqual(SYMBOLS.toSorted());
});

test('as flags, commas and all', { timeout: 60_000 }, async () => {
  const flags = ['RELIANCE,NS', 'BRK B'].flatMap((symbol) => ['--symbols', `${VENUE}:${symbol}`]);
  const several = await tickloom('replay', ...flags, '--json');
  const one = await tickloom('replay', '--symbols', `${VENUE}:RELIANCE,NS`, '--json');
  expect([several.code, one.code]).toEqual([0, 0]);
  expect((JSON.parse(several.out) as unknown[]).length).toBe(2);
  expect((JSON.parse(one.out) as unknown[]).length).toBe(1);
});
