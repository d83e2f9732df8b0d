import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { compiledEncoder } from '../../src/questdb/ilp-encoder.ts';
import {
  clientEncoder,
  findProblem,
  type EncodedTable,
  type RowEncoder,
} from '../../src/questdb/encoder.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { candles } from '../../src/questdb/tables/candles.ts';
import { featuresTable } from '../../src/questdb/tables/features.ts';
import { heartbeats } from '../../src/questdb/tables/heartbeats.ts';
import { labels } from '../../src/questdb/tables/labels.ts';
import { predictions } from '../../src/questdb/tables/predictions.ts';
import { qualityEvents } from '../../src/questdb/tables/quality-events.ts';
import { quotes } from '../../src/questdb/tables/quotes.ts';
import { systemMetrics } from '../../src/questdb/tables/system-metrics.ts';
import type { AnyRow, Cell, ColumnType } from '../../src/questdb/table.ts';
import { ticks } from '../../src/questdb/tables/ticks.ts';
import { tradeRow } from '../support/trade-row.ts';

/** Columns in an order that no table of ours has: runs of doubles everywhere, `ts` among them. */
const mixed: EncodedTable = {
  name: 'Mixed_1',
  columns: {
    ...makeColumns('a', 5, 'double'),
    ts: 'timestamp',
    ...makeColumns('b', 4, 'double'),
    text: 'varchar',
    ...makeColumns('c', 3, 'double'),
    count: 'long',
    s: 'symbol',
    ...makeColumns('d', 6, 'double'),
  },
};
const noSymbols: EncodedTable = { name: 'n', columns: { a: 'double', n: 'int', ts: 'timestamp' } };
/** All of whose room is reserved at once. */
const integers: EncodedTable = {
  name: 'i',
  columns: { ts: 'timestamp', ...makeColumns('n', 9, 'long') },
};

const TABLES: readonly EncodedTable[] = [
  candles,
  featuresTable([]),
  featuresTable(FEATURE_NAMES),
  heartbeats,
  labels,
  predictions,
  qualityEvents,
  quotes,
  systemMetrics,
  ticks,
  mixed,
  noSymbols,
  integers,
];

function makeColumns(prefix: string, count: number, type: ColumnType): Record<string, ColumnType> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [prefix + i, type]));
}

const hostile = fc.constantFrom(
  ...[' ', ',', '=', '"', '\\', '\n', '\r', '\t', '\0', "'", '{', '\u007f', 'A', '9'],
  ...['\u0080', 'ü', '€', '\uffff', '\ufeff', '😀'],
);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: hostile }),
  fc.string({ unit: 'binary' }),
  fc.string({ minLength: 90, maxLength: 300 }),
  fc.constantFrom('', 'BTC-USDT', 'EUR/USD'),
);
const INT_MAX = 2 ** 31 - 1;
const edges = [0, -0, 9, 10, 999, 1000, 9999, 10_000, 99_999_999, 100_000_000, 100_009_999];
const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -100_000, max: 100_000 }),
  fc.constantFrom(...edges, 10 ** 15, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);
const extremes = [-0, 0, 5e-324, -5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 0.1, 2 ** 53];
const VALUES: Record<ColumnType, fc.Arbitrary<Cell>> = {
  symbol: text,
  varchar: text,
  double: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(...extremes),
  ),
  int: fc.oneof(fc.integer({ min: -INT_MAX, max: INT_MAX }), fc.constantFrom(-INT_MAX, -0)),
  long: integer,
  timestamp: integer.map(Math.abs),
};

/** Rows with their keys in any order, some of them null, undefined or not there. */
function arbitraryRow({ columns }: EncodedTable): fc.Arbitrary<AnyRow> {
  const value = (name: string): fc.Arbitrary<Cell | undefined> => {
    const some = VALUES[columns[name] as ColumnType];
    if (name === 'ts') return some;
    return fc.oneof({ weight: 9, arbitrary: some }, fc.constantFrom(null, undefined));
  };
  const names = Object.keys(columns);
  const full = fc.constant(names);
  const some = fc.shuffledSubarray(names).map((drawn) => [...new Set([...drawn, 'ts'])]);
  const row = fc
    .oneof(full, some)
    .chain((keys) => fc.tuple(...keys.map((key) => fc.tuple(fc.constant(key), value(key)))));
  return row.map((entries) => Object.fromEntries(entries) as AnyRow);
}

/** What the encoder's buffer begins with. */
const START_BYTES = 64 * 1024;

/** Every column with a value that takes all the room that there can be for it. */
function longest({ columns }: EncodedTable): AnyRow {
  const values: Record<ColumnType, Cell> = {
    symbol: '€€',
    varchar: '€€',
    double: 1.5,
    int: -INT_MAX,
    long: Number.MIN_SAFE_INTEGER,
    timestamp: Number.MAX_SAFE_INTEGER,
  };
  return Object.fromEntries(Object.entries(columns).map(([name, type]) => [name, values[type]]));
}

/** A few of such rows that are together `bytes` shorter, by the digits of their time. */
function shortened(row: AnyRow, bytes: number): AnyRow[] {
  const most = Array.from({ length: Math.floor(bytes / 15) }, () => ({ ...row, ts: 1 }));
  return [...most, { ...row, ts: 10 ** (15 - (bytes % 15)) }];
}

/** The bytes in a form whose difference can be read, or why there are none. */
function outcome(encoder: RowEncoder, table: EncodedTable, rows: readonly AnyRow[]): string {
  try {
    return encoder.encode(table, rows).toString('latin1');
  } catch (error) {
    return (error as Error).message;
  }
}

const client = clientEncoder();
// One for all tests, as the writer has one for all tables: nothing may be left of other rows.
const compiled = compiledEncoder();

const expectSame = (table: EncodedTable, rows: readonly AnyRow[]): void =>
  expect(outcome(compiled, table, rows)).toBe(outcome(client, table, rows));

const tick = { ...tradeRow };

describe('makes the bytes of the client', () => {
  test.each(TABLES.map((table) => [table.name, table] as const))('%s', (_, table) => {
    fc.assert(
      fc.property(fc.array(arbitraryRow(table), { maxLength: 6 }), (rows) => {
        for (const row of rows) expect(findProblem(table, row)).toBeNull();
        expectSame(table, rows);
      }),
      { numRuns: 150 },
    );
  });

  test('of tables in turn', () => {
    const some = fc
      .constantFrom(...TABLES)
      .chain((table) => fc.tuple(fc.constant(table), arbitraryRow(table)));
    fc.assert(
      fc.property(fc.array(some, { maxLength: 8 }), (turns) => {
        for (const [table, row] of turns) expectSame(table, [row]);
      }),
    );
  });

  test.each(TABLES.map((table) => [table.name, table] as const))(
    '%s with one column alone, and with all but one',
    (_, table) => {
      const of = (type: ColumnType): Cell => (type === 'symbol' || type === 'varchar' ? 'x' : 1);
      const all = Object.entries(table.columns).map(([name, type]) => [name, of(type)] as const);
      for (const [only] of all) {
        expectSame(table, [
          Object.fromEntries(all.filter(([name]) => name === only || name === 'ts')),
        ]);
        if (only !== 'ts')
          expectSame(table, [Object.fromEntries(all.filter(([name]) => name !== only))]);
      }
    },
  );

  test('at every power of ten and around it', () => {
    const powers = Array.from({ length: 16 }, (_, n) => 10 ** n);
    const around = powers.flatMap((power) => [power - 1, power, power + 1, 7 * power]);
    const rows = around.map((n) => ({ ts: n, venue: 'v', trades: -n, revision: n % INT_MAX }));
    expectSame(candles, rows);
  });

  test('of many rows, with more symbols than it remembers', () => {
    const rows = Array.from({ length: 3_000 }, (_, i) => ({
      ...tick,
      ts: tick.ts + i,
      symbol: `S,${i % 1_700}`,
      id: `${'long '.repeat(i % 90)}${i}`,
      price: i / 7,
    }));
    expectSame(ticks, rows);
  });

  test.each([ticks, labels, integers].map((table) => [table.name, table] as const))(
    '%s wherever in a row its buffer is full',
    (_, table) => {
      const row = longest(table);
      const one = client.encode(table, [row]);
      const long = Array.from({ length: Math.ceil(START_BYTES / one.length) }, () => row);
      const wanted = Buffer.concat(long.map(() => one));
      for (let shift = 0; shift <= one.length; shift++) {
        const before = shortened(row, shift);
        const bytes = compiledEncoder().encode(table, [...before, ...long]);
        const head = client.encode(table, before);
        expect(head.length).toBe(before.length * one.length - shift);
        expect(bytes.equals(Buffer.concat([head, wanted]))).toBe(true);
      }
    },
  );

  test.each(['id', 'symbol'])('of a longer %s than its buffer', (name) => {
    for (const long of ['€'.repeat(60_000), '€\n"'.repeat(10_000), '"'.repeat(65_500)]) {
      const rows = [tick, { ...tick, [name]: long }, tick];
      expect(outcome(compiledEncoder(), ticks, rows)).toBe(outcome(client, ticks, rows));
    }
  });
});

describe('gives away', () => {
  let encoder: RowEncoder;
  beforeEach(() => void (encoder = compiledEncoder()));

  test.each([1, 3_000])('buffers of %i rows that no later call changes', (count) => {
    const rows = (price: number): AnyRow[] =>
      Array.from({ length: count }, () => ({ ...tick, price }));
    const first = encoder.encode(ticks, rows(1));
    const before = Buffer.from(first);
    for (let i = 2; i < 20; i++) encoder.encode(ticks, rows(i));
    expect(first.equals(before)).toBe(true);
    expect(first.equals(client.encode(ticks, rows(1)))).toBe(true);
  });

  test('no bytes of no rows', () => {
    expect(encoder.encode(ticks, [])).toHaveLength(0);
  });

  test('an error for a row of nothing but its time, and the next rows whole', () => {
    const nothing = [tick, { ts: 1, venue: null }];
    expect(() => encoder.encode(ticks, nothing)).toThrow(/must have a symbol or column/);
    expect(encoder.encode(ticks, [tick]).equals(client.encode(ticks, [tick]))).toBe(true);
  });

  test('an error for more than a request can hold, and the next rows whole', () => {
    const huge = { ...tick, id: 'x'.repeat(30 * 1024 * 1024) };
    expect(() => encoder.encode(ticks, [huge])).toThrow(/more than 67108864 bytes/);
    expect(encoder.encode(ticks, [tick]).equals(client.encode(ticks, [tick]))).toBe(true);
  });

  test('an error for a column that the check would not have passed', () => {
    const strange: AnyRow = { ...tick, more: 1 };
    expect(() => encoder.encode(ticks, [strange])).toThrow('there is no column "more"');
  });

  test('an error for a name that would have to be escaped', () => {
    const odd: EncodedTable = { name: 't', columns: { ts: 'timestamp', 'a b': 'double' } };
    expect(() => encoder.encode(odd, [{ ts: 1, 'a b': 1 }])).toThrow(/"a b" is not plain/);
  });
});

describe('the check before it', () => {
  const wrong: Record<ColumnType, Cell> = {
    symbol: 5,
    varchar: '\ud800',
    double: NaN,
    int: 2 ** 31,
    long: 0.5,
    timestamp: -1,
  };

  test('finds the column that is wrong in whatever order the keys come', () => {
    const cases = fc
      .constantFrom(...TABLES)
      .chain((table) =>
        fc.tuple(
          fc.constant(table),
          arbitraryRow(table),
          fc.constantFrom(...Object.keys(table.columns)),
        ),
      );
    fc.assert(
      fc.property(cases, ([table, row, name]) => {
        expect(findProblem(table, row)).toBeNull();
        const broken = { ...row, [name]: wrong[table.columns[name] as ColumnType] };
        expect(findProblem(table, broken)).toMatch(
          new RegExp(`^${table.name}\\.${name} is .*expected`),
        );
        expect(findProblem(table, { ...row, [`${name}_`]: null })).toBe(
          `${table.name} has no column "${name}_"`,
        );
      }),
      { numRuns: 300 },
    );
  });
});
