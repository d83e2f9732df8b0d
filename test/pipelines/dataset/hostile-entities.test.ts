/** Files of requests as somebody makes them who means harm, or by mistake: refused with a reason. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { duckRows, literal, openDuckdb } from '../../../pipelines/dataset/duckdb.ts';
import { RequestError } from '../../../pipelines/dataset/request.ts';
import { readEntities } from '../../../pipelines/dataset/entity-reader.ts';
import {
  toEntities,
  readEntityFile,
  type ReadBounds,
} from '../../../pipelines/dataset/entities.ts';

const known = [{ venue: 'oanda', symbol: 'EUR/USD' }];
const LINE = 'EUR/USD,2014-05-01\n';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tickloom-hostile-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const written = (name: string, content: string | Uint8Array): string => {
  const file = join(dir, name);
  writeFileSync(file, content);
  return file;
};

async function refused(file: string, bounds: ReadBounds | null = null): Promise<string> {
  const read =
    bounds === null ? readEntities(file, 'asked', known) : readEntityFile(file, known, bounds);
  const error: unknown = await read.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RequestError);
  const { message } = error as RequestError;
  expect(message.length).toBeLessThan(1_000);
  return message;
}

async function parquet(name: string, select: string): Promise<string> {
  const file = join(dir, name);
  const { db, close } = await openDuckdb({ dirs: [dir] });
  await db.run(`COPY (${select}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`);
  close();
  return file;
}

describe.concurrent('a file of requests', () => {
  test('under any name is that file alone', async () => {
    written('a1.csv', `symbol,ts\n${LINE}`);
    const pattern = written('a[1].csv', `symbol,ts\n${LINE}${LINE}`);
    expect((await readEntityFile(pattern, known)).rows).toBe(2);
    mkdirSync(join(dir, 'venue=kraken'));
    const hive = join(dir, 'venue=kraken', "it's.csv");
    writeFileSync(hive, `symbol,ts\n${LINE}`);
    expect((await readEntityFile(hive, known)).instruments).toEqual(['oanda:EUR/USD']);
  });

  test('that unpacks to more than may be is refused within its bounds', async () => {
    const line = Buffer.from(LINE.repeat(50_000));
    const bomb = gzipSync(Buffer.concat([Buffer.from('symbol,ts\n'), ...Array(60).fill(line)]));
    expect(bomb.length).toBeLessThan(1_000_000);
    const file = written('bomb.csv.gz', bomb);
    const message = await refused(file, { memoryMb: 400 });
    expect(message).toMatch(/more than (400 MB of memory|2000000 requests)/);
    expect(message).toMatch(/split it|several data sets/);
  }, 120_000);

  test('that packs a cell of GBs is refused within its bounds', async () => {
    const cell = gzipSync(Buffer.alloc(20_000_000, 'A'));
    const file = written('cell.csv.gz', Buffer.concat([gzipSync('symbol,ts\n'), cell]));
    expect(await refused(file)).toContain('cannot be read');
    const select = `SELECT repeat('A', 10000000) AS symbol, '2014-05-01' AS ts`;
    expect(await refused(await parquet('cell.parquet', select))).toContain('"AAAAAAAA');
  }, 120_000);

  test('that cannot be read in the time is given up', async () => {
    const file = written('slow.csv', `symbol,ts\n${LINE}`);
    expect(await refused(file, { timeMs: 100 })).toContain('it takes more than 0.1 s: split it');
  });

  test.each([
    ['a number for a symbol', `SELECT 1 AS symbol, '2014-05-01' AS ts`, '"symbol" of INTEGER'],
    ['bytes', `SELECT 'A'::BLOB AS symbol, '2014-05-01' AS ts`, '"symbol" of BLOB; needed is text'],
    ['a list', `SELECT ['A'] AS symbol, '2014-05-01' AS ts`, '"symbol" of VARCHAR[]'],
    ['a struct', `SELECT 'A' AS symbol, {'a': 1} AS ts`, '"ts" of STRUCT(a INTEGER)'],
    ['true', `SELECT 'oanda:A' AS symbol, true AS ts`, '"ts" of BOOLEAN'],
    ['no number', `SELECT 'oanda:A' AS symbol, 'nan'::DOUBLE AS ts`, '"NaN" is no time'],
    ['no end', `SELECT 'oanda:A' AS symbol, 'infinity'::TIMESTAMP AS ts`, '"null" is no time'],
    ['seconds', `SELECT 'oanda:A' AS symbol, 1398902400 AS ts`, 'Are they seconds or milli'],
    ['milliseconds', `SELECT 'oanda:A' AS symbol, 1398902400000 AS ts`, 'Are they seconds or mil'],
    ['nanoseconds', `SELECT 'oanda:A' AS symbol, 1398902400000000000 AS ts`, 'Are they nanosec'],
    ['a year of none', `SELECT 'oanda:A' AS symbol, TIMESTAMP '9999-01-01' AS ts`, 'no year of'],
  ])('in Parquet with %s is refused', async (name, select, reason) => {
    expect(await refused(await parquet(`${name}.parquet`, select))).toContain(reason);
  });

  test('in Parquet with a date has the date, and not its milliseconds', async () => {
    const file = await parquet(
      'date.parquet',
      `SELECT 'oanda:A' AS symbol, DATE '2014-05-01' AS ts`,
    );
    expect((await readEntities(file, 'asked', known)).csv).toContain(
      'oanda,A,2014-05-01T00:00:00.000000Z',
    );
  });

  test.each([
    ['no Parquet', 'no.parquet', 'this is no Parquet'],
    ['cut Parquet', 'cut.parquet', Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(40, 255)])],
    ['no gzip', 'no.csv.gz', 'symbol,ts\n'],
    ['nothing', 'empty.csv', ''],
    ['NULs', 'nul.csv', `symbol,ts\nEUR\0USD,2014-05-01\n`],
    ['columns without end', 'wide.csv', `${'a,'.repeat(5_000)}b\n${'1,'.repeat(5_000)}2\n`],
  ])('of %s is refused', async (_, name, content) => {
    expect(await refused(written(name, content))).toMatch(
      /cannot be read|has the columns|stored of/,
    );
  });

  test('that is none is refused before anything opens it', async () => {
    expect(await refused('/dev/zero', {})).toContain('is no file');
    expect(await refused(dir, {})).toContain('is no file');
    expect(await refused(join(dir, 'nowhere.csv'), {})).toContain('there is no file');
  });
});

test('a symbol of megabytes is named by its beginning', () => {
  const rows = [{ symbol: 'A'.repeat(5_000_000), ts: '2014-05-01' }];
  expect(() => toEntities(rows, known)).toThrow('(5000000 characters) is stored of no venue');
});

describe('DuckDB', () => {
  const inside = (): string => literal(written('inside.csv', 'a\n1\n'));

  test('reads and writes in the directories that it was given, and nowhere else', async () => {
    const other = mkdtempSync(join(tmpdir(), 'tickloom-other-'));
    writeFileSync(join(other, 'secret.csv'), 'a\nsecret\n');
    symlinkSync(join(other, 'secret.csv'), join(dir, 'link.csv'));
    const { db, close } = await openDuckdb({ dirs: [dir] });
    const ask = (sql: string): Promise<unknown> => duckRows(db, sql);
    try {
      expect(await ask(`SELECT * FROM read_csv(${inside()}, header = true)`)).toHaveLength(1);
      for (const path of [
        join(other, 'secret.csv'),
        join(other, '*.csv'),
        `${dir}/../${other.split('/').at(-1)}/secret.csv`,
        join(dir, 'link.csv'),
        'http://127.0.0.1:9/a.csv',
      ]) {
        const read = `SELECT * FROM read_csv(${literal(path)}, header = true)`;
        await expect(ask(read), path).rejects.toThrow();
      }
      const out = join(other, 'out.csv');
      await expect(ask(`COPY (SELECT 1) TO ${literal(out)}`)).rejects.toThrow('disabled by config');
      await expect(ask(`ATTACH ${literal(join(other, 'x.db'))}`)).rejects.toThrow();
      await expect(ask(`SET enable_external_access = true`)).rejects.toThrow();
      await expect(ask(`SET memory_limit = '64GB'`)).rejects.toThrow('has been locked');
    } finally {
      close();
      rmSync(other, { recursive: true });
    }
  });
});
