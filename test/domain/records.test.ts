/** A record is declared once: tables, documents and words follow `src/domain/records/`. */
import type { TSchema } from 'typebox';
import { describe, expect, test } from 'vitest';
import { parseTables } from '../../infra/docs/migrations.ts';
import { sqlSources } from '../../infra/docs/pages.ts';
import { POSTGRES_RECORDS, QUESTDB_RECORDS } from '../../infra/docs/table-records.ts';
import { must } from '../../src/assert.ts';
import { DeadLetterHeaders } from '../../src/domain/records/quality-event.ts';
import { TIME_UNIT } from '../../src/domain/records/fields.ts';
import { SIGNAL_STATES } from '../../src/domain/records/signal.ts';
import { toDeadLetter } from '../../src/domain/dead-letter.ts';
import { SCHEMAS } from '../../src/domain/wire.ts';
import { MODEL_STATES } from '../../src/learning/model-change.ts';
import { JOB_STATES } from '../../src/postgres/tables/job-runs.ts';
import { MODES } from '../../src/domain/records/fill.ts';

interface Field extends TSchema {
  readonly type?: string;
  readonly anyOf?: readonly Field[];
  readonly const?: unknown;
  readonly description?: string;
  readonly 'x-unit'?: string;
}
type Fields = Readonly<Record<string, Field>>;

const inQuestdb = Object.entries(QUESTDB_RECORDS).map(
  ([name, records]) =>
    [name, Object.assign({}, ...records.map(({ properties }) => properties)) as Fields] as const,
);
const onTheWire = Object.entries(SCHEMAS).map(
  ([name, { properties }]) => [name, properties as Fields] as const,
);
const inPostgres = Object.entries(POSTGRES_RECORDS).map(
  ([name, { properties }]) => [name, properties as Fields] as const,
);

/** Without null: what the field holds where it holds something. */
const held = (field: Field): Field =>
  field.anyOf?.some(({ type }) => type === 'null') === true ? must(field.anyOf[0]) : field;
/** The only texts that a field takes; empty: any. */
const wordsIn = (field: Field): unknown[] =>
  (held(field).anyOf ?? [held(field)]).flatMap((each) => each.const ?? []);

describe.each([...onTheWire, ...inQuestdb, ...inPostgres])('the record %s', (_, fields) => {
  test('says what each of its fields means', () => {
    const undescribed = Object.entries(fields).filter(
      ([, { description = '' }]) => description === '',
    );
    expect(undescribed).toEqual([]);
  });

  test('calls times, and nothing else, ts, …_ts or …_at', () => {
    const isTime = (field: Field): boolean => held(field)['x-unit'] === TIME_UNIT;
    const names = Object.keys(fields);
    expect(names.filter((name) => isTime(must(fields[name])))).toEqual(
      names.filter((name) => /^ts$|_ts$|_at$/.test(name)),
    );
  });
});

const STORED = {
  timestamp: 'integer',
  int: 'integer',
  long: 'integer',
  double: 'number',
  symbol: 'string',
  varchar: 'string',
} as const;

test.each(inQuestdb)('the columns of %s are its fields, of their types', (name, fields) => {
  const { columns } = must(sqlSources().shapes.find((shape) => shape.name === name));
  const fieldType = (field: Field): unknown => {
    const [word] = wordsIn(field);
    return word === undefined ? held(field).type : typeof word;
  };
  const isTime = (field: Field): boolean => held(field)['x-unit'] === TIME_UNIT;
  expect(Object.keys(columns).toSorted()).toEqual(Object.keys(fields).toSorted());
  for (const [column, type] of Object.entries(columns)) {
    const field = must(fields[column]);
    expect([column, fieldType(field), isTime(field)]).toEqual([
      column,
      STORED[type],
      type === 'timestamp',
    ]);
  }
});

test.each([
  ['feature', 'features', ['candles', 'values']],
  ['prediction', 'predictions', []],
] as const)('every field of a %s is kept in %s', (kind, table, elsewhere) => {
  const kept = new Set([...Object.keys(new Map(inQuestdb).get(table) ?? {}), ...elsewhere, 'kind']);
  expect(Object.keys(SCHEMAS[kind].properties).filter((name) => !kept.has(name))).toEqual([]);
});

const tables = new Map(parseTables(sqlSources().postgres).map((table) => [table.name, table]));
const findColumn = (table: string, name: string) =>
  must(must(tables.get(table)).columns.find((column) => column.name === name));

describe.each(inPostgres)('PostgreSQL keeps %s', (table, fields) => {
  // A refusal's id is its key's text.
  const names = Object.keys(fields).filter((name) => name !== 'kind' && name !== 'refusal_id');

  test('with every field', () => {
    const columns = new Set(must(tables.get(table)).columns.map(({ name }) => name));
    expect(names.filter((name) => !columns.has(name))).toEqual([]);
  });

  test('and checks for the same words', () => {
    for (const name of names) {
      const { values } = findColumn(table, name);
      if (values.length === 0) continue;
      expect([name, new Set(values)]).toEqual([name, new Set(wordsIn(must(fields[name])))]);
    }
  });
});

test.each([
  ['signals', 'state', SIGNAL_STATES],
  ['models', 'state', MODEL_STATES],
  ['job_runs', 'state', JOB_STATES],
  ['accounts', 'mode', MODES],
  ['trades', 'mode', MODES],
])('%s.%s takes the words of the code', (table, column, words) => {
  expect(new Set<string>(findColumn(table, column).values)).toEqual(new Set(words));
});

test('a dead letter has the headers that are declared', () => {
  const value = Buffer.alloc(2 * 1024 * 1024);
  const at = { topic: 'ticks', partition: 0, offset: 1, timestampUs: 1, key: null, value };
  const { headers } = toDeadLetter(at, 'schema', 'it is too large');
  expect(Object.keys(headers).toSorted()).toEqual(
    Object.keys(DeadLetterHeaders.properties).toSorted(),
  );
});
