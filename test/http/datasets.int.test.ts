/** A training set asked for over HTTP, made by its job, downloaded whole and in pieces. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { duckRow, literal, openDuckdb } from '../../pipelines/dataset/duckdb.ts';
import { QuestDbWriter } from '../../src/questdb/writer.ts';
import { formatUs, parseUs, US_PER_DAY, US_PER_HOUR, US_PER_S } from '../../src/domain/time.ts';
import { runDataset } from '../../pipelines/dataset/job.ts';
import { loadConfig } from '../../src/config/config.ts';
import { openContext } from '../../src/runtime/context.ts';
import { featuresTable } from '../../src/questdb/tables/features.ts';
import { labels } from '../../src/questdb/tables/labels.ts';
import { ticks } from '../../src/questdb/tables/ticks.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import { openRuns } from '../../src/postgres/tables/job-runs.ts';
import { startServer, type ServerUnderTest } from './server-under-test.ts';

const START = parseUs('2033-01-01T23:00:00Z');
const KEY = { venue: 'sethttp', symbol: 'A/USD' };
const ROWS = 120;

let server: ServerUnderTest;
let dir: string;

beforeAll(async () => {
  server = await startServer();
  dir = mkdtempSync(join(tmpdir(), 'tickloom-sets-'));
  const writer = new QuestDbWriter({ url: server.config.questdbUrl });
  const features = Array.from({ length: ROWS }, (_, n) => {
    const ts = START + n * 60 * US_PER_S;
    const values = Object.fromEntries(FEATURE_NAMES.map((name, at) => [name, n + at / 100]));
    const clocks = { ts, decided_ts: ts + 2 * US_PER_S, known_at: ts + 2 * US_PER_S };
    const rest = { feature_set: FEATURE_SET, revision: 0, feature_id: `f${n}`, flags: '' };
    return { ...KEY, ...clocks, ...rest, ...values };
  });
  const outcomes = features.map(({ ts, decided_ts }, n) => ({
    ...{ ...KEY, ts, decided_ts, label_known_at: ts + US_PER_HOUR, revision: 0, flags: '' },
    ...{ label_spec: 'direction_1h@1', entry_ts: ts + 1, entry_price: 1, exit_price: 1 },
    ...{ exit_ts: ts + US_PER_HOUR, forward_return: n / 1000, up: 1 as const },
    ...{ state: 'matured' as const, void_reason: null },
  }));
  const tick = { id: '1', price: 1, size: 1, side: null, ts: START, known_at: START };
  await writer.write(ticks, [{ ...KEY, ...tick }]);
  await writer.write(featuresTable(FEATURE_NAMES), features);
  await writer.write(labels, outcomes);
  writer.close();
  await server.questdb.waitApplied(['ticks', 'features', 'labels']);
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

const token = (): string => readFileSync(join(server.config.dataDir, 'http-token'), 'utf8').trim();

const post = (body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/v1/datasets`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

const authorised = (): Record<string, string> => ({ authorization: `Bearer ${token()}` });

const ask = {
  from: formatUs(START),
  to: formatUs(START + US_PER_DAY),
  as_of: formatUs(START + US_PER_DAY),
  symbols: ['sethttp:A/USD'],
};

interface Request {
  readonly request_id: string;
  readonly progress: string;
  readonly dataset_id: string;
}

/** As the jobs process does it, but here, so that the test knows when it has ended. */
async function work(id: string): Promise<void> {
  const context = openContext(
    loadConfig(process.env, { TICKLOOM_DATA_DIR: server.config.dataDir }),
    'test',
  );
  try {
    for (const { job, subject, due_ts } of await openRuns(context.postgres)) {
      if (job !== 'dataset' || subject !== id) continue;
      await runDataset(context, { subject, dueTs: due_ts }, async () => undefined);
    }
  } finally {
    await context.close();
  }
}

async function made(body: object): Promise<Request> {
  const accepted = await post(body, authorised());
  expect(accepted.status).toBe(202);
  const place = accepted.headers.get('location') ?? '';
  await work(((await accepted.json()) as Request).request_id);
  return (await (await fetch(`${server.url}${place}`)).json()) as Request;
}

test('asking needs the token, and what cannot be is refused at once', async () => {
  expect((await post(ask)).status).toBe(401);
  const wrong = [
    [{ ...ask, from: '2034-01-01' }, 'is not before'],
    [{ ...ask, label: 'up' }, 'is not a label spec'],
    [{ ...ask, entities: [{ symbol: 'A/USD', ts: 1 }] }, 'leave from, to, symbols out'],
    [{ entities: [{ symbol: 'NO/USD', ts: '2033-01-01' }] }, 'add a column'],
    [{ ...ask, unknown: 1 }, 'no such parameter'],
  ] as const;
  for (const [body, detail] of wrong) {
    const refused = await post(body, authorised());
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining(detail)]);
  }
});

test('a set is made by its job and comes whole, in pieces, and not twice', async () => {
  const { progress, dataset_id: id } = await made(ask);
  expect(progress).toBe('done');
  // The same again is the same set, without being made again.
  expect((await made(ask)).dataset_id).toBe(id);
  const url = `${server.url}/v1/datasets/${id}`;
  const manifest = (await (await fetch(`${url}/manifest`)).json()) as { rows: number };
  expect(manifest.rows).toBe(ROWS);

  const response = await fetch(`${url}/data.parquet`);
  const whole = Buffer.from(await response.arrayBuffer());
  const etag = response.headers.get('etag') ?? '';
  expect([response.status, Number(response.headers.get('content-length'))]).toEqual([
    200,
    whole.length,
  ]);
  const size = whole.length;
  const parts = [`bytes=0-99`, `bytes=100-`].map((range) =>
    fetch(`${url}/data.parquet`, { headers: { range, 'if-range': etag } }),
  );
  const pieces: Buffer[] = [];
  for (const part of await Promise.all(parts)) {
    expect(part.status).toBe(206);
    pieces.push(Buffer.from(await part.arrayBuffer()));
  }
  const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  expect(hash(Buffer.concat(pieces))).toBe(hash(whole));
  const status = async (headers: Record<string, string>): Promise<unknown[]> => {
    const answer = await fetch(`${url}/data.parquet`, { headers });
    await answer.arrayBuffer();
    return [answer.status, answer.headers.get('content-range')];
  };
  expect(await status({ 'if-none-match': etag })).toEqual([304, null]);
  expect(await status({ range: `bytes=${size}-` })).toEqual([416, `bytes */${size}`]);
  expect(await status({ range: 'bytes=0-9', 'if-range': '"other"' })).toEqual([200, null]);
  const head = await fetch(`${url}/data.parquet`, { method: 'HEAD' });
  expect([head.status, head.headers.get('etag')]).toEqual([200, etag]);

  const file = join(dir, 'data.parquet');
  writeFileSync(file, whole);
  const { db, close } = await openDuckdb({ dirs: [dir] });
  const row = await duckRow<{ n: number; first: number; last: number; up: number }>(
    db,
    `SELECT count(*) AS n, epoch_us(min(ts)) AS first, epoch_us(max(ts)) AS last, sum(up)::INT AS up
     FROM read_parquet(${literal(file)}) WHERE symbol = 'A/USD' AND venue = 'sethttp'`,
  );
  close();
  const last = START + (ROWS - 1) * 60 * US_PER_S;
  expect(row).toEqual({ n: ROWS, first: START, last, up: ROWS });

  const csv = await (await fetch(`${url}/data.csv`)).text();
  const [head1 = '', line = ''] = csv.split('\n');
  expect(head1.split(',').slice(0, 4)).toEqual(['symbol', 'ts', 'decided_ts', 'venue']);
  expect(line).toMatch(
    /^A\/USD,2033-01-01T23:00:00\.000000Z,2033-01-01T23:00:02\.000000Z,sethttp,/,
  );
  expect(csv.trim().split('\n')).toHaveLength(ROWS + 1);

  const arrow = await fetch(`${url}/data.arrow`);
  expect(arrow.headers.get('content-type')).toBe('application/vnd.apache.arrow.stream');
  const table = tableFromIPC(new Uint8Array(await arrow.arrayBuffer()));
  expect(table.numRows).toBe(ROWS);
  expect(table.schema.fields.map((field) => field.name)).toEqual(head1.split(','));
});

test('requests of one’s own come back row for row, and a set without rows has no file', async () => {
  const entities = [
    { symbol: 'A/USD', venue: 'sethttp', ts: formatUs(START + 2 * US_PER_S) },
    { symbol: 'A/USD', ts: START },
    { symbol: 'A/USD', venue: 'sethttp', ts: formatUs(START + 2 * US_PER_S) },
  ];
  const request = { entities: [...entities], as_of: ask.as_of };
  request.entities[1] = { ...entities[1]!, symbol: 'sethttp:A/USD' };
  const { dataset_id: id } = await made(request);
  const csv = await (await fetch(`${server.url}/v1/datasets/${id}/data.csv`)).text();
  const lines = csv.trim().split('\n');
  const [names = [], ...rows] = lines.map((line) => line.split(','));
  const column = (name: string) => rows.map((row) => row[names.indexOf(name)]);
  expect(column('missing')).toEqual(['no_feature', '', '']);
  expect(column('request_row')).toEqual(['1', '0', '2']);

  const empty = await made({ ...ask, from: '2033-06-01', to: '2033-06-02' });
  const none = await fetch(`${server.url}/v1/datasets/${empty.dataset_id}/data.parquet`);
  expect([none.status, await none.text()]).toEqual([409, expect.stringContaining('has no rows')]);
  expect((await fetch(`${server.url}/v1/datasets/ds-unknown/data.csv`)).status).toBe(404);
});
