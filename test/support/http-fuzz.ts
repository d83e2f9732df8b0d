/**
 * The API's own document -> requests that nobody should send, drawn by a seed: wrong values in all
 * parameters, wrong methods, types and bodies, addresses that cannot be read. Whatever comes back
 * has to be an answer or a problem by RFC 9457, and never a fault of the server's.
 */
import { request } from 'node:http';
import { must } from '../../src/assert.ts';
import { encodeCursor } from '../../src/http/cursor.ts';
import { seededRandom } from '../../src/random.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly required?: boolean;
  readonly schema?: { readonly enum?: readonly string[]; readonly type?: string };
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Null: a method that the address does not have. */
  readonly responses: Operation['responses'] | null;
}

export interface FuzzAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const TEXTS = [
  ...['', ' ', '\0', 'a\0b', 'a'.repeat(300), 'a'.repeat(301), 'é'.repeat(300), 'a'.repeat(5_000)],
  ...['0', '-1', '1', '1.5', '1e309', '-1e309', 'NaN', 'Infinity', '0x10', '9'.repeat(400)],
  ...['9007199254740993', '2147483648', '-9223372036854775809', '1e2', '+5', ' 5 '],
  ...['9999-12-31', '9999-12-31T23:59:59-10:00', '0000-01-01', '0001-01-01T00:00:00+12:00'],
  ...['10000-01-01', '+010000-01-01', '2014-02-31', '2014-13-01', '2014-05-01T25:00:00Z'],
  ...['2014-05-01', '2014-05-01T00:00:00.1234567890Z', '1969-12-31', '2262-04-12', 'now', '1d'],
  ...["'; DROP TABLE ticks; --", '" OR 1=1', '$1', '%', '%25', '\\', '`', '../../etc/passwd'],
  ...['null', 'true', '[]', '{}', '__proto__', 'constructor', '\u202e', '🦆', '\ud800', '\ufffe'],
  ...['EUR/USD', 'oanda', 'direction_1h@1', 'direction_99999999d@1', 'default@x', 'a:b:c'],
];

const CURSORS = [
  [0, ''],
  [Number.MAX_SAFE_INTEGER, 'a'],
  [-Number.MAX_SAFE_INTEGER, 'a\0'],
  [1, 100_000],
  [1, -1],
  [null, 'a'],
  [1_400_000_000_000_000, 'a', 'b', 'c', 'd'],
  [1_400_000_000_000_000, 'a', 'b'],
  ['a', 1],
  ['[null]', Number.MAX_SAFE_INTEGER],
].map((parts) => encodeCursor(parts));

/** Bytes that no encoder would write. */
const RAW = [
  '%00',
  '%ff',
  '%c0%80',
  '%ed%a0%80',
  '%',
  '%zz',
  '%2e%2e%2f',
  '%2F',
  ';',
  '//',
  '%0d%0a',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const TYPES = [
  ...['application/json', 'application/json; charset=utf-16', 'text/plain', 'text/xml', ''],
  ...['application/x-www-form-urlencoded', 'multipart/form-data; boundary=a', 'nonsense', 'a/b;c'],
];
const BODIES = [
  ...['', '{', 'null', '[]', '1e400', '"a"', '{"why":"a\\u0000b"}', '{"why":1e400}', '\ufeff{}'],
  ...['{"__proto__":{"a":1}}', '{"constructor":{"prototype":{}}}', '{"why":"because","x":1}'],
  ...['['.repeat(20_000), `{"why":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, ' '.repeat(70_000)],
  ...['{"why":"because","force":"yes"}', '{"why":"because","venue":"v","symbol":"\\ud800"}'],
  ...[
    '{"from":"9999-12-31","to":"0000-01-01"}',
    '{"from":"2014","to":"2015","symbols":["\\u0000"]}',
  ],
  ...['{"entities":[]}', '{"entities":[{"symbol":"a:b","ts":1e400}]}', '{"from":{"a":{}},"to":[]}'],
  ...['{"entities":[{"symbol":"a:b","ts":"9999-12-31T23:59:59-10:00"}]}', 'a=1&b=2', '\0'],
  ...['{"from":"2014-05-01","to":"2014-05-02","as_of":"9999-12-31T23:59:59-10:00","label":"x"}'],
];

type Random = () => number;

const pick = <T>(random: Random, from: readonly T[]): T =>
  must(from[Math.floor(random() * from.length)]);

const encoded = (text: string): string =>
  encodeURIComponent(text.replaceAll(/[\ud800-\udfff]/gu, '\ufffd'));

function valueFor(random: Random, { name, schema }: Parameter): string {
  if (random() < 0.06) return `${encoded(pick(random, TEXTS))}${pick(random, RAW)}`;
  if (name === 'after') return pick(random, [...CURSORS, 'x', encoded(pick(random, TEXTS))]);
  if (schema?.enum !== undefined && random() < 0.8) return encoded(pick(random, schema.enum));
  return encoded(pick(random, TEXTS));
}

/** `count` requests; the same seed draws the same ones. */
export function* fuzzRequests(
  { paths }: OpenApi,
  { seed, count, token }: { readonly seed: number; readonly count: number; readonly token: string },
): Generator<FuzzRequest> {
  const random = seededRandom(seed);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  for (let i = 0; i < count; i++) {
    const { path, method, operation } = must(operations[i % operations.length]);
    const own = random() < 0.85;
    const verb = own ? method.toUpperCase() : pick(random, METHODS);
    const parameters = operation.parameters ?? [];
    const at = path.replace(/\{(\w+)\}/g, (_, name: string) =>
      valueFor(random, { name, in: 'path' }),
    );
    const query = parameters
      .filter((each) => each.in === 'query' && (each.required === true || random() < 0.4))
      .map((each) => `${each.name}=${valueFor(random, each)}`);
    if (query.length > 0 && random() < 0.05) query.push(must(query[0]));
    if (random() < 0.03) query.push(`${encoded(pick(random, TEXTS).slice(0, 50))}=1`);
    const hasBody = verb !== 'GET' && verb !== 'HEAD' && verb !== 'TRACE';
    const type = random() < 0.7 ? 'application/json' : pick(random, TYPES);
    const isKnown = random() < 0.8;
    yield {
      method: verb,
      path: `${at}${query.length === 0 ? '' : `?${query.join('&')}`}`,
      headers: {
        ...(isKnown ? { authorization: `Bearer ${token}` } : {}),
        ...(hasBody && type !== '' ? { 'content-type': type } : {}),
      },
      body: hasBody ? pick(random, BODIES) : null,
      responses: verb === method.toUpperCase() ? operation.responses : null,
    };
  }
}

/** Sends it as it is: no client of ours corrects an address. */
export function send(base: string, fuzzed: FuzzRequest): Promise<FuzzAnswer> {
  const { hostname, port } = new URL(base);
  const { method, path, headers, body } = fuzzed;
  const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const options = { hostname, port, method, path, headers: { ...headers, ...length } };
    const sent = request({ ...options, timeout: 30_000, agent: false }, (response) => {
      const { statusCode: status = 0, headers: found } = response;
      const chunks: Buffer[] = [];
      const done = (): void =>
        resolve({ status, headers: found, body: Buffer.concat(chunks).toString('utf8') });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', done);
      response.on('error', done);
      // Events have no end.
      if (String(found['content-type']).startsWith('text/event-stream')) {
        done();
        sent.destroy();
      }
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 30 s')));
    sent.on('error', reject);
    sent.end(body ?? undefined);
  });
}

/** What is wrong with an answer; null: nothing. */
export function findFault({ method, responses }: FuzzRequest, answer: FuzzAnswer): string | null {
  const { status, headers, body } = answer;
  if (status >= 500) return `the server is at fault: ${status} ${body.slice(0, 200)}`;
  if (status < 400) return null;
  const type = String(headers['content-type']);
  if (method !== 'HEAD') {
    if (!type.startsWith('application/problem+json')) return `${status} of type ${type}`;
    const problem = JSON.parse(body) as { status?: number; detail?: string; title?: string };
    if (problem.status !== status) return `${status} whose body says ${problem.status}`;
    if (!problem.detail || !problem.title) return `${status} without a reason`;
    if (body.length > 20_000) return `${status} of ${body.length} bytes`;
  }
  if (status === 405 && headers['allow'] === undefined) return '405 without Allow';
  const isKnown = responses === null || String(status) in responses || 'default' in responses;
  return isKnown ? null : `${status} is not in the document`;
}
