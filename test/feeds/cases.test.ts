/** What the importer feeds of a file, and what it sets apart: public cases, and others like them. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import {
  checkBeginnings,
  problemText,
  readTickFiles,
  type FileProblem,
} from '../../src/feeds/files.ts';
import { textsIn } from '../../src/feeds/unpack.ts';
import { nowUs } from '../../src/clock.ts';
import { formatUs, US_PER_DAY, US_PER_HOUR } from '../../src/domain/time.ts';
import { instrumentKey, type Tick } from '../../src/domain/wire.ts';
import { decodeTicks } from '../../src/stream/decode.ts';

const CASES = join(import.meta.dirname, '..', 'fixtures', 'cases', 'files');
const dir = mkdtempSync(join(tmpdir(), 'tickloom-cases-'));
const HBF = { venue: 'hbf', symbol: 'X' };

interface Fed {
  readonly ticks: readonly Tick[];
  readonly problems: readonly FileProblem[];
}

async function feed(paths: string | string[], format = 'csv', options: object = HBF): Promise<Fed> {
  const [ticks, problems]: [Tick[], FileProblem[]] = [[], []];
  const given = { venue: '', symbol: '', ...options };
  const all = [paths].flat();
  await checkBeginnings(all, format, given);
  const source = readTickFiles(all, format, given, (problem) => problems.push(problem));
  for await (const { tick } of source) {
    // Whatever is sent the sink takes: the importer is as strict as the wire.
    const sent = decodeTicks(
      instrumentKey(tick),
      Buffer.from(JSON.stringify(tick)),
      () => 'bad_hmac',
    );
    expect(sent).toMatchObject({ type: 'ticks' });
    ticks.push(tick);
  }
  return { ticks, problems };
}

let files = 0;
function file(content: string | Buffer, name = `f${(files += 1)}.csv`): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

/** Line and column of what is set apart. */
const places = ({ problems }: Fed): string[] =>
  problems.map(({ line, column }) => `${line} ${column ?? '-'}`);

describe('a file of the public cases', () => {
  const RIGHT: [string, number, string[], RegExp | null][] = [
    ['f13-feb30.csv', 0, ['2 ts', '3 ts'], /no such day/],
    [
      'f16-vision-us.csv',
      0,
      ['2 ts_ms', '3 ts_ms'],
      /looks like microseconds: name the column ts /,
    ],
    ['f18-blank-size.csv', 1, ['2 size'], /blank is not 0/],
    ['f19-nan-bidsize.csv', 1, ['2 bid_size'], /"nan" is not a number/],
    ['f20-bad-venue.csv', 2, ['2 venue'], /"Binance" is not lower-case/],
    ['f21-infinity.csv', 0, ['2 price', '3 price', '4 size'], /"Infinity" is not a number/],
    ['f28-typo-year.csv', 2, ['4 ts'], /lies \d+ days ahead of the present/],
    ['g04-upper.csv.GZ', 3, [], null],
    ['z02-macosx.zip', 3, [], null],
  ];
  test.each(RIGHT)('%s', async (name, ticks, apart, reason) => {
    const fed = await feed(join(CASES, name));
    expect([fed.ticks.length, places(fed)]).toEqual([ticks, apart]);
    if (reason !== null) expect(problemText(fed.problems[0] as FileProblem)).toMatch(reason);
  });

  test('f26-dup-header.csv is refused whole', async () => {
    await expect(feed(join(CASES, 'f26-dup-header.csv'))).rejects.toThrow(
      /f26-dup-header\.csv:1: the column price is there twice/,
    );
  });

  test('n01-bom.ndjson', async () => {
    const { ticks, problems } = await feed(join(CASES, 'n01-bom.ndjson'), 'ndjson');
    expect([ticks.length, problems]).toEqual([3, []]);
  });
});

describe('a row of CSV is set apart, and its neighbours are fed', () => {
  const AT = '2026-03-02T10:00:00Z';
  const future = (us: number): string => formatUs(Math.floor(nowUs() / 1e6) * 1e6 + us);
  const ROWS: [string, string, string][] = [
    ['an hour 25', 'ts', '2026-03-02T25:00:00Z,1,1,7'],
    ['24:61:00', 'ts', '2026-03-02T24:61:00Z,1,1,7'],
    ['29 February of no leap year', 'ts', '2026-02-29T00:00:00Z,1,1,7'],
    ['a zone of 99 hours', 'ts', '2026-03-02T10:00:00+99:00,1,1,7'],
    ['no time', 'ts', ',1,1,7'],
    ['seconds', 'ts', '1772445600,1,1,7'],
    ['milliseconds', 'ts', '1772445600000,1,1,7'],
    ['nanoseconds', 'ts', '1772445600000000000,1,1,7'],
    ['a negative time', 'ts', '-1,1,1,7'],
    ['a rounded time', 'ts', '1.77245E+15,1,1,7'],
    ['half a microsecond', 'ts', '1772445600000000.5,1,1,7'],
    ['a time of 1972', 'ts', '1972-01-01T00:00:00Z,1,1,7'],
    ['two days ahead', 'ts', `${future(2 * US_PER_DAY)},1,1,7`],
    ['blanks for a price', 'price', `${AT},   ,1,7`],
    ['a price with a blank inside', 'price', `${AT},1 000,1,7`],
    ['a price with thousands', 'price', `${AT},"1,234.5",1,7`],
    ['a price with a unit', 'price', `${AT},1.5$,1,7`],
    ['hex', 'price', `${AT},0x10,1,7`],
    ['an underscore', 'price', `${AT},1_000,1,7`],
    ['a price of 0', 'price', `${AT},0,1,7`],
    ['a negative price', 'price', `${AT},-37.63,1,7`],
    ['a price that overflows', 'price', `${AT},1e999,1,7`],
    ['a price that underflows', 'price', `${AT},1e-999,1,7`],
    ['a negative size', 'size', `${AT},1,-1,7`],
    ['a null', 'size', `${AT},1,null,7`],
    ['an id with a blank', 'id', `${AT},1,1,a b`],
    ['a long id', 'id', `${AT},1,1,${'x'.repeat(65)}`],
    ['too few cells', '-', `${AT},1,1`],
    ['too many cells', '-', `${AT},1,1,7,`],
    ['an open quote', '-', `${AT},1,1,"7`],
    ['text behind a quote', '-', `${AT},"1"x,1,7`],
    ['a NUL', '-', `${AT},1,1,7\0`],
    ['the header once more', 'ts', 'ts,price,size,id'],
  ];
  test.each(ROWS)('%s', async (_, column, row) => {
    const fed = await feed(file(`ts,price,size,id\n${AT},1,1,1\n${row}\n${AT},2,1,2\n`));
    expect(fed.ticks.map(({ id }) => id)).toEqual(['1', '2']);
    expect(places(fed)).toEqual([`3 ${column}`]);
  });

  test('units and clocks that are right are fed', async () => {
    const rows = [AT, '1772445600000000', future(US_PER_HOUR), '1973-03-04T00:00:00Z'];
    const text = rows.map((ts) => `${ts},1,1`).join('\n');
    expect((await feed(file(`ts,price,size\n${text}`))).ticks).toHaveLength(4);
  });

  test('a hint names the unit that a time looks like', async () => {
    const refusalReason = async (column: string, value: string): Promise<string | undefined> =>
      (await feed(file(`${column},price,size\n${value},1,1\n`))).problems[0]?.reason;
    expect(await refusalReason('ts', '1772445600')).toContain(
      'looks like seconds: name the column ts_s',
    );
    expect(await refusalReason('ts', '1772445600000')).toContain(
      'milliseconds: name the column ts_ms',
    );
    expect(await refusalReason('ts', '1772445600000000000')).toContain(
      'nanoseconds: divide by 1000',
    );
    expect(await refusalReason('ts_ms', '1772445600')).toContain('looks like seconds');
    expect(await refusalReason('ts_ms', '1772445600000000000')).toContain('looks like nanoseconds');
    expect(await refusalReason('ts_s', '1772445600000')).toContain('looks like milliseconds');
  });

  test('one side of a quote may be blank, not both', async () => {
    const rows = `${AT},1,,5,\n${AT},,2,,\n${AT},,,1,1\n`;
    const fed = await feed(file(`ts,bid,ask,bid_size,ask_size\n${rows}`));
    expect(fed.ticks).toMatchObject([{ bid: '1', bid_size: '5' }, { ask: '2' }]);
    expect(Object.keys(fed.ticks[0] ?? {})).not.toContain('ask');
    expect(fed.problems[0]).toMatchObject({ line: 4, reason: 'a quote has a bid, an ask or both' });
  });

  test('quoted cells hold commas, quotes and blanks; symbols are those of real venues', async () => {
    const symbols = ['RELIANCE,NS', 'A"B', '币安人生/USDT:USDT', '^GSPC', 'BRK B', 'A\\B', '100%'];
    const rows = symbols.map((symbol) => `${AT}, 1 ,"1","${symbol.replaceAll('"', '""')}"`);
    const fed = await feed(file(`"ts",Price,SIZE,symbol\n${rows.join('\r\n')}`));
    expect(fed.ticks.map(({ symbol }) => symbol)).toEqual(symbols);
  });
});

describe('a header is refused before anything is sent', () => {
  const HEADERS: [string, RegExp][] = [
    ['price,size', /expected a header with ts/],
    ['ts,price', /expected a header/],
    ['ts,bid', /expected a header/],
    ['ts,price,size,PRICE', /column price is there twice/],
    ['ts,ts_ms,price,size', /expected one time, not ts and ts_ms/],
    ['ts,price,size,bid,ask', /not both/],
    ['ts;price;size', /expected a header/],
    ['1772445600000000,1,1', /expected a header/],
    ['"ts,price,size', /a quote is opened/],
    ['', /expected a header, found nothing/],
  ];
  test.each(HEADERS)('%s', async (header, message) => {
    const good = file('ts,price,size\n2026-03-02,1,1\n');
    const bad = file(`${header}\n2026-03-02,1,1\n`.slice(header === '' ? 99 : 0));
    await expect(checkBeginnings([good, bad], 'csv', HBF)).rejects.toThrow(message);
  });

  test('where neither the header nor a flag says of what it is', async () => {
    const path = file('ts,price,size,venue\n2026-03-02,1,1,v\n');
    await expect(feed(path, 'csv', {})).rejects.toThrow('no column symbol: give --symbol');
    expect((await feed(path, 'csv', { symbol: 'X' })).ticks).toHaveLength(1);
  });
});

describe('bytes', () => {
  const rows = 'ts,price,size,id\n2026-03-02,1,1,1\n2026-03-02,2,1,2\n';
  const ids = async (path: string): Promise<string[]> =>
    (await feed(path)).ticks.map(({ id }) => String(id));
  const zip = (members: Record<string, string | Uint8Array>): Buffer =>
    Buffer.from(
      zipSync(
        Object.fromEntries(
          Object.entries(members).map(([name, of]) => [
            name,
            typeof of === 'string' ? Buffer.from(of) : of,
          ]),
        ),
      ),
    );

  test('line ends of every kind, a BOM, no line end at the end', async () => {
    expect(await ids(file(rows.replaceAll('\n', '\r\n')))).toEqual(['1', '2']);
    expect(await ids(file(rows.replaceAll('\n', '\r')))).toEqual(['1', '2']);
    expect(await ids(file(`\uFEFF${rows}`))).toEqual(['1', '2']);
    expect(await ids(file(rows.trimEnd()))).toEqual(['1', '2']);
    const numbers = await feed(file(rows.replace('2026-03-02,2', '\r\n\r\nx,2')));
    expect(places(numbers)).toEqual(['5 ts']);
  });

  test('what a file is, its bytes say and not its name', async () => {
    expect(await ids(file(gzipSync(rows), 'day.csv'))).toEqual(['1', '2']);
    expect(await ids(file(rows, 'day.gz'))).toEqual(['1', '2']);
    expect(await ids(file(zip({ 'a.csv': rows }), 'DAY.ZIP'))).toEqual(['1', '2']);
  });

  test('members of a zip are read in the order of their names, each with its header', async () => {
    const row = (id: number): string => `ts,price,size,id\n2026-03-02,1,1,${id}\n`;
    const path = file(
      zip({
        'b/2.csv': row(2),
        'b/1.csv': row(1),
        'c.csv': row(3),
        '__MACOSX/b/._1.csv': 'x',
        '__MACOSX/1.csv': 'x',
        '.DS_Store': 'x',
        'b/._2.csv': 'x',
      }),
      'several.zip',
    );
    expect(await ids(path)).toEqual(['1', '2', '3']);
    const bad = file(zip({ '../../a.csv': row(1), 'b.csv': 'nonsense' }), 'bad.zip');
    await expect(ids(bad)).rejects.toThrow(/bad\.zip\/b\.csv:1: expected a header/);
  });

  test('what is cut off or damaged says so, with its name', async () => {
    const many = `ts,price,size\n${'2026-03-02,1,1\n'.repeat(5_000)}`;
    const packed = gzipSync(many);
    const cut = file(packed.subarray(0, packed.length - 30), 'cut.gz');
    await expect(feed(cut)).rejects.toThrow(/cut\.gz is cut off/);
    const wrong = Buffer.from(packed);
    wrong.fill(0x55, 40, 60);
    await expect(feed(file(wrong, 'wrong.gz'))).rejects.toThrow(/wrong\.gz is damaged/);
    const whole = zip({ 'a.csv': rows });
    await expect(feed(file(whole.subarray(0, 60), 'cut.zip'))).rejects.toThrow(
      /cut off or damaged/,
    );
    const crc = Buffer.from(whole);
    crc[crc.indexOf('PK\x01\x02') + 16] = (crc[crc.indexOf('PK\x01\x02') + 16] ?? 0) ^ 1;
    await expect(feed(file(crc, 'crc.zip'))).rejects.toThrow(/check sum is another/);
    await expect(feed(file(zip({ 'a/': '' }), 'empty.zip'))).rejects.toThrow(/holds no file/);
    await expect(feed(dir)).rejects.toThrow(/is a folder/);
  });

  test.each([
    ['UTF-16', Buffer.from(`\uFEFF${rows}`, 'utf16le'), /UTF-16: save it as UTF-8/],
    ['UTF-16 without a mark', Buffer.from(rows, 'utf16le'), /NUL bytes: this is no text/],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]), /zstd: unpack it first/],
    ['Parquet', Buffer.from('PAR1PAR1'), /Parquet: export it as CSV/],
    ['a zip in a zip', zip({ 'a.zip': zip({ 'a.csv': rows }) }), /a zip in an archive/],
    ['gzip twice', gzipSync(gzipSync(rows)), /packed once more/],
    ['a workbook', zip({ '[Content_Types].xml': 'x', 'a.xml': 'x' }), /export it as CSV/],
  ])('%s is refused with what to do', async (name, bytes, message) => {
    await expect(feed(file(bytes, `${name}.bin`))).rejects.toThrow(message);
  });

  test('what unpacks without end is refused, within bounded memory', async () => {
    const zeros = Buffer.alloc(12 * 1024 * 1024);
    for (const bytes of [zeros, gzipSync(zeros), zip({ 'a.csv': zeros })]) {
      await expect(feed(file(bytes, 'zeros.bin'))).rejects.toThrow(/a line of more than 4 MiB/);
    }
    const many = Buffer.alloc(48 * 1024 * 1024, '2026-03-02,1,1\n');
    for (const bytes of [gzipSync(many), zip({ 'a.csv': many })]) {
      const unpacking = async (): Promise<void> => {
        for await (const each of textsIn(file(bytes, 'bomb.bin'))) {
          for await (const chunk of each.bytes) expect(chunk.length).toBeLessThan(1024 * 1024);
        }
      };
      await expect(unpacking()).rejects.toThrow(/bomb\.bin.* more than 200 times its size/);
    }
  });
});

describe('other formats', () => {
  const trade = { kind: 'trade', venue: 'v', symbol: 'X', id: '1', ts: 1772445600000000, size: 1 };
  const lines = (...of: unknown[]): string =>
    file(of.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join('\n'));

  test('ndjson: a bad tick of a frame is set apart alone', async () => {
    const good = { ...trade, price: 1 };
    const fed = await feed(
      lines(
        good,
        [
          { ...good, id: '2' },
          { ...good, price: 0 },
          { ...good, id: '3' },
        ],
        { ...good, ts: 1772445600 },
        { ...good, ts: '1772445600000000' },
        { ...good, ts: 1772445600000000000 },
        { kind: 'heartbeat' },
        { kind: 'depth' },
        [],
        '7',
        'null',
        '{"kind":"trade",}',
        { ...good, id: '4', side: null },
      ),
      'ndjson',
      {},
    );
    expect(fed.ticks.map(({ id }) => id)).toEqual(['1', '2', '3', '4']);
    const wrong = ['2 price', '3 ts', '4 ts', '5 ts', '7 kind', '8 -', '9 -', '10 -', '11 -'];
    expect(places(fed)).toEqual(wrong);
    expect(fed.problems[1]?.reason).toContain('looks like seconds');
  });

  test('lean-quote: blanks, other columns and times behind the day are set apart', async () => {
    const rows = [
      '1,1,2',
      ',1,2',
      '86400000,1,2',
      '2,1,',
      '3,0x1,2',
      '4,1,5,2,5',
      '5,-1,2',
      '6,1,2',
    ];
    const path = file(rows.join('\n'), '20140501_quote.csv');
    const fed = await feed(path, 'lean-quote');
    expect(fed.ticks).toHaveLength(2);
    expect(places(fed)).toEqual([
      ...['2 milliseconds', '3 milliseconds', '4 ask', '5 bid', '6 -', '7 bid'],
    ]);
    await expect(feed(file('1,1,2'), 'lean-quote')).rejects.toThrow('give --date');
  });

  test('bytes of a file do not steer the terminal that tells of them', async () => {
    const fed = await feed(file('ts,price,size\n2026-03-02,\u001b[2J\u202e1,1\n'));
    expect(problemText(fed.problems[0] as FileProblem)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
