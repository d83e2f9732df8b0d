/** `docs/asyncapi.json` against the official schema, and its payloads against records. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import ajvCompiler from '@fastify/ajv-compiler';
import { describe, expect, test } from 'vitest';
import { PROJECT_DIR } from '../../../src/code-files.ts';
import { must } from '../../../src/assert.ts';

interface Document {
  readonly channels: Readonly<Record<string, { messages: Record<string, { $ref: string }> }>>;
  readonly components: {
    readonly messages: Readonly<Record<string, { payload: object }>>;
    readonly schemas: Readonly<Record<string, object>>;
  };
}

const text = readFileSync(join(PROJECT_DIR, 'docs/asyncapi.json'), 'utf8');
const document = JSON.parse(text) as Document;
const official = JSON.parse(
  gunzipSync(readFileSync(join(PROJECT_DIR, 'test/fixtures/asyncapi/3.0.0.json.gz'))).toString(
    'utf8',
  ),
) as object;

const DRAFT_7 = 'http://json-schema.org/draft-07/schema';

/** What is wrong with a value; empty where nothing is. */
function problems(schema: object, value: unknown): unknown {
  const compile = ajvCompiler()(
    {},
    {
      customOptions: {
        strict: false,
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        validateSchema: false,
      },
      // The official schema brings this one itself.
      onCreate: (ajv) => ajv.removeSchema(DRAFT_7),
    },
  );
  const validate = compile({ schema, method: 'GET', url: '/', httpPart: 'body' });
  return validate(value) === true ? [] : validate.errors;
}

test('it is an AsyncAPI 3.0 document', () => {
  expect(problems(official, document)).toEqual([]);
});

test('the official schema would find a mistake', () => {
  expect(problems(official, { ...document, channels: [] })).not.toEqual([]);
  expect(problems(official, { ...document, asyncapi: '2.0.0' })).not.toEqual([]);
});

test('every reference leads somewhere', () => {
  const refs = [...text.matchAll(/"\$ref": "#\/([^"]+)"/g)].map(([, path = '']) => path);
  const found = (path: string): unknown =>
    path
      .split('/')
      .reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], document);
  expect(refs.length).toBeGreaterThan(20);
  expect(refs.filter((path) => found(path) === undefined)).toEqual([]);
});

describe('a record of ticks', () => {
  const tick = { kind: 'trade', venue: 'v', symbol: 'A/B', ts: 1, price: '1.5', size: 2 };
  const messageSchema = (message: string): object => {
    const { payload } = must(document.components.messages[message]);
    return { ...payload, components: document.components };
  };

  test.each([
    ['trade', tick],
    ['trade', { ...tick, side: null }],
    ['frame', [tick, { kind: 'heartbeat', venue: 'v', symbol: 'A/B', ts: 2 }]],
  ])('%s is taken', (message, record) => {
    expect(problems(messageSchema(message), record)).toEqual([]);
  });

  test.each([
    ['trade', { ...tick, ts: '1' }],
    ['trade', { ...tick, price: undefined }],
    ['frame', []],
    ['frame', [{ ...tick, venue: 'V' }]],
  ])('%s is not taken', (message, record) => {
    expect(problems(messageSchema(message), record)).not.toEqual([]);
  });
});
