/** The API on real servers: every noun, its mistakes, paging, the document, and who may ask. */
import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatUs, parseUs } from '../../src/domain/time.ts';
import { forgetMetrics, noteMetrics } from '../../src/postgres/tables/process-metrics.ts';
import { flow, startServer, type ServerUnderTest } from './server-under-test.ts';
import { graded, minuteCandles, seedMarket, type Market } from './market.ts';

const market: Market = {
  venue: 'apitest',
  symbol: 'EUR/USD',
  account: 'apitest',
  endUs: parseUs('2014-05-09T20:00:00Z'),
  minutes: 600,
};
const of = `venue=apitest&symbol=${encodeURIComponent(market.symbol)}`;

type Item = Record<string, unknown>;
interface Page {
  items: Item[];
  next: string | null;
}

let server: ServerUnderTest;

beforeAll(async () => {
  server = await startServer();
  await seedMarket(server.postgres, server.questdb, server.config.questdbUrl, market);
});
afterAll(async () => {
  await server.close();
});

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, init);

async function get<T>(path: string): Promise<T> {
  const response = await ask(`/v1/${path}`);
  expect({ path, status: response.status }).toEqual({ path, status: 200 });
  return (await response.json()) as T;
}

/** Every page of a list, by its cursors. */
async function all(path: string, limit: number): Promise<Item[]> {
  const items: Item[] = [];
  let after = '';
  for (;;) {
    const page = await get<Page>(`${path}&limit=${limit}${after}`);
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    if (page.next === null) return items;
    after = `&after=${page.next}`;
  }
}

describe('what is read', () => {
  test('what there is to train on is counted from the labels', async () => {
    const { items } = await get<Page>(`labels/statistics?${of}`);
    const { labelled } = graded(minuteCandles(market));
    const matured = labelled.filter(({ state }) => state === 'matured');
    const [last] = matured.slice(-1);
    expect(items).toEqual([
      {
        ...{ venue: 'apitest', symbol: market.symbol, label_spec: 'direction_1h@1' },
        samples: matured.length,
        ups: matured.filter(({ up }) => up === 1).length,
        up_share: matured.filter(({ up }) => up === 1).length / matured.length,
        ...{ newest_week: matured.length, week_before: 0 },
        void: { gap: labelled.length - matured.length },
        ...{ first_ts: formatUs(matured[0]!.ts), last_ts: formatUs(last!.ts) },
        ...{ last_up: last!.up, last_forward_return: last!.forward_return },
        days: [
          {
            day: '2014-05-09',
            samples: matured.length,
            ups: matured.filter(({ up }) => up === 1).length,
          },
        ],
      },
    ]);
    expect((await get<Page>(`labels/statistics?${of}&label_spec=return_1h@1`)).items).toEqual([]);
  });

  test('candles are those of the table, newest first, paged without loss or repeat', async () => {
    const pages = await all(`candles?${of}&timeframe=1m`, 77);
    const written = minuteCandles(market);
    expect(pages.map(({ ts }) => parseUs(ts as string))).toEqual(
      written.map(({ ts }) => ts).toReversed(),
    );
    expect(pages.map(({ close }) => close)).toEqual(written.map(({ close }) => close).toReversed());
    expect(pages[0]?.['ts']).toBe('2014-05-09T19:59:00.000000Z');
  });

  test('from and to cut a half-open range, and order=asc turns it round', async () => {
    const range = 'from=2014-05-09T19:00:00Z&to=2014-05-09T19:03:00Z';
    const { items } = await get<Page>(`candles?${of}&timeframe=1m&${range}&order=asc`);
    expect(items.map(({ ts }) => (ts as string).slice(11, 16))).toEqual([
      '19:00',
      '19:01',
      '19:02',
    ]);
  });

  test('predictions carry the outcome that their label gives them', async () => {
    const pages = await all(`predictions?${of}`, 250);
    const { predicted, labelled } = graded(minuteCandles(market));
    const labels = new Map(labelled.map((label) => [label.ts, label]));
    const expected = predicted.map(({ ts, probability_up: p }) => {
      const label = labels.get(ts);
      if (label === undefined) return 'pending';
      if (label.state === 'void') return 'void';
      return p > 0.5 === (label.up === 1) ? 'right' : 'wrong';
    });
    expect(pages.map(({ outcome }) => outcome)).toEqual(expected.toReversed());
    expect(new Set(expected)).toEqual(new Set(['right', 'wrong', 'void', 'pending']));
  });

  test('the score is that of the graded predictions by hand', async () => {
    const score = await get<Item>(`performance/predictions?${of}&limit=5000`);
    const { predicted, labelled } = graded(minuteCandles(market));
    const probability = new Map(predicted.map((p) => [p.ts, p.probability_up]));
    const matured = labelled.filter(({ state }) => state === 'matured');
    const errors = matured.map(({ ts, up }) => (probability.get(ts)! - up!) ** 2);
    const hits = matured.filter(({ ts, up }) => probability.get(ts)! > 0.5 === (up === 1));
    expect(score['matured']).toBe(matured.length);
    expect(score['hit_rate']).toBeCloseTo(hits.length / matured.length, 12);
    expect(score['brier']).toBeCloseTo(errors.reduce((a, b) => a + b) / errors.length, 12);
  });

  test('money is decimal text and equity is the exact running sum of closed trades', async () => {
    const trades = await all('trades?account=apitest', 7);
    expect(trades).toHaveLength(24);
    expect(new Set(trades.map(({ trade_id: id }) => id)).size).toBe(24);
    const { items } = await get<Page>('performance/equity?account=apitest');
    const closed = trades.filter(({ state }) => state === 'closed').toReversed();
    const units = closed.map(({ account_pnl: pnl }) => Math.round(Number(pnl) * 1e5));
    const sum = units.reduce((a, b) => a + b, 0) / 1e5;
    expect(items).toHaveLength(23);
    expect(items.at(-1)?.['cumulative_net_pnl']).toBe(sum.toFixed(5));
    expect(items.at(-1)?.['equity']).toBe((10_000 + sum).toFixed(5));
  });

  test('an account says what it is for, and a bot what it may not trade, once with its count', async () => {
    const { items } = await get<Page>('accounts?limit=1000');
    expect(items.find(({ account }) => account === 'apitest')).toMatchObject({
      description: 'control group: trades what a test needs',
    });
    const refused = await get<Page>('signals/refusals?account=apitest');
    expect(refused).toEqual({
      items: [
        {
          ...{ bot: 'apitest', account: 'apitest', venue: 'apitest', symbol: 'EUR/JPY' },
          ...{ cause: 'no_rate', reason: 'no rate from JPY', decisions: 7981 },
          first_ts: '2014-05-09T19:00:00.000000Z',
          last_ts: '2014-05-09T20:00:00.000000Z',
        },
      ],
      next: null,
    });
  });

  test('a model shows every rule of its verdict, and never its artefact', async () => {
    const model = await get<Item>('models/apitest-refused');
    const { passed, reasons } = model['verdict'] as { passed: boolean; reasons: Item[] };
    expect(passed).toBe(false);
    expect(reasons.map(({ rule, passed: met }) => [rule, met])).toEqual([
      ['replay_parity', true],
      ['minimum_rows', true],
      ['beats_champion_by_margin', false],
    ]);
    expect(model).not.toHaveProperty('artifact');
    const listed = await get<Page>('models?venue=apitest');
    expect(listed.items.map(({ model_id: id, waits_because: why }) => [id, why])).toContainEqual([
      'apitest-refused',
      'it passed the gate and waits: it is next',
    ]);
    const champion = await get<Item>('models/apitest-better');
    const [held] = champion['activations'] as Item[];
    expect(held).toMatchObject({ slot: 'champion', until_ts: null });
    expect(held?.['from_ts']).toBe('2014-05-09T19:30:00.000000Z');
  });

  test('the flow has the graph, the lag and the ends that it was given', async () => {
    const found = await get<{ nodes: Item[]; topics: Item[]; kafka: string }>('flow');
    const { topics } = await flow.status();
    expect(found.topics).toEqual(topics);
    expect(found.kafka).toBe('ok');
    const lags = found.nodes.map(({ name, lag }) => [name, lag]);
    expect(lags).toEqual([
      ['feed', null],
      ['stream', 0],
      ['sink', 42],
      ['labels', null],
    ]);
  });

  test.each([
    ['instruments', 'venue'],
    [`features?${of}`, 'values'],
    [`labels?${of}`, 'state'],
    ['signals?account=apitest', 'signal_id'],
    ['fills?account=apitest', 'fill_id'],
    ['positions?account=apitest', 'trade_id'],
    ['accounts', 'balance'],
    ['bots?account=apitest', 'bot'],
    ['performance?account=apitest', 'net_pnl'],
    [`models?${of}`, 'verdict'],
    ['models/activations?venue=apitest', 'from_ts'],
    [`quality?${of}`, 'kind'],
    ['quality/counts', 'events'],
    ['errors', 'message'],
    ['jobs', 'due_ts'],
    ['jobs/newest', 'runs'],
    ['settings', 'description'],
  ])('%s has items', async (path, column) => {
    const { items } = await get<Page>(path);
    expect(items.length).toBeGreaterThan(0);
    expect(items[0]).toHaveProperty(column);
  });

  test('one signal and one trade are found by id', async () => {
    expect(await get<Item>('signals/apitest-3')).toMatchObject({ outcomes: [], direction: 'sell' });
    const trade = await get<{ fills: Item[] }>('trades/apitest-3');
    expect(trade.fills).toHaveLength(1);
  });
});

describe('mistakes', () => {
  test.each([
    [`candles?${of}&timeframe=1m&colour=red`, 'colour'],
    [`candles?${of}&timeframe=2m`, 'timeframe'],
    ['candles?venue=apitest&timeframe=1m', 'symbol'],
    ['trades?limit=0', 'limit'],
    ['trades?limit=many', 'limit'],
    ['trades?from=yesterday', 'from'],
    ['trades?from=2014-05-02&to=2014-05-01', 'to'],
    ['trades?after=%27%3B--', 'after'],
    [`labels?${of}&label_spec=sideways`, 'label_spec'],
    ['stream?venue=apitest', 'symbol'],
  ])('%s is refused by the name of its parameter', async (path, parameter) => {
    const response = await ask(`/v1/${path}`);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const body = (await response.json()) as { status: number; errors: { parameter: string }[] };
    expect([response.status, body.status]).toEqual([400, 400]);
    expect(body.errors.map((error) => error.parameter)).toEqual([parameter]);
  });

  test('an unknown id and an unknown address are 404 problems', async () => {
    for (const path of ['/v1/trades/none', '/v1/nothing', '/nothing']) {
      const response = await ask(path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ status: 404, title: 'Not found' });
    }
  });

  test('what looks like SQL is only a value', async () => {
    const { items } = await get<Page>(`trades?account=${encodeURIComponent("x' OR '1'='1")}`);
    expect(items).toEqual([]);
  });
});

describe('access', () => {
  test('writing needs the token, which lies in a file of its owner alone', async () => {
    const file = join(server.config.dataDir, 'http-token');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const refused = await ask('/v1/models/x/retire', { method: 'POST' });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    const authorization = `Bearer ${readFileSync(file, 'utf8').trim()}`;
    const allowed = await ask('/v1/models/x/retire', {
      method: 'POST',
      headers: { authorization },
    });
    expect(allowed.status).toBe(400);
  });

  test('a foreign host name is refused: no other site reads through a browser', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = { headers: { host: 'evil.example:80' } };
      request(`${server.url}/v1/trades`, options, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });

  test('away from loopback everything needs the token, and the page can sign in', async () => {
    const open = await startServer({
      env: { TICKLOOM_HTTP_HOST: '0.0.0.0', TICKLOOM_HTTP_INSECURE: 'true' },
    });
    try {
      const token = readFileSync(join(open.config.dataDir, 'http-token'), 'utf8').trim();
      for (const path of ['/', '/v1/trades', '/metrics', '/readyz']) {
        expect((await fetch(`${open.url}${path}`)).status).toBe(401);
      }
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${open.url}/v1/trades`, { headers })).status).toBe(200);
      const wrong = { authorization: `Bearer ${token}x` };
      expect((await fetch(`${open.url}/v1/trades`, { headers: wrong })).status).toBe(401);
      expect((await fetch(`${open.url}/healthz`)).status).toBe(200);
      expect((await fetch(`${open.url}/?token=${token}`)).status).toBe(401);
      const signIn = await fetch(`${open.url}/sign-in`, {
        ...{ method: 'POST', body: new URLSearchParams({ token }), redirect: 'manual' },
      });
      expect(signIn.status).toBe(303);
      const cookie = (signIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      const read = { headers: { cookie } };
      expect((await fetch(`${open.url}/`, read)).status).toBe(200);
      const write = { method: 'POST', headers: { cookie } };
      expect((await fetch(`${open.url}/v1/models/x/retire`, write)).status).toBe(401);
    } finally {
      await open.close();
    }
  });
});

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly schema: unknown }[];
  readonly security?: unknown;
}

describe('what machines read', () => {
  test('the OpenAPI document is valid and names every noun', async () => {
    const document = await get<{ openapi: string; paths: Record<string, unknown> }>('openapi.json');
    const result = await new Validator().validate(document);
    expect(result).toMatchObject({ valid: true });
    expect(document.openapi).toBe('3.1.0');
    const nouns =
      'instruments candles features predictions labels signals fills trades positions accounts ' +
      'bots performance models datasets quality errors alerts jobs settings flow stream';
    for (const noun of nouns.split(' ')) expect(document.paths).toHaveProperty([`/v1/${noun}`]);
  });

  test('the OpenAPI document says what is refused everywhere, and that writing needs a token', async () => {
    const { paths } = await get<{ paths: Record<string, Record<string, Operation>> }>(
      'openapi.json',
    );
    const [candles, retire] = [paths['/v1/candles'], paths['/v1/models/{id}/retire']];
    const named = (name: string) =>
      candles?.['get']?.parameters?.find((each) => each.name === name);
    expect(named('venue')?.schema).toMatchObject({ pattern: '^[^\\u0000]*$' });
    expect(named('from')?.schema).toMatchObject({
      anyOf: [{ format: 'date-time' }, { format: 'date' }],
    });
    expect(retire?.['post']?.security).toEqual([{ token: [] }]);
  });

  test.each([123_456, true, null])('a body says itself what is a text: %j is none', async (why) => {
    const token = readFileSync(join(server.config.dataDir, 'http-token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const posted = { method: 'POST', headers, body: JSON.stringify({ why }) };
    const answer = await fetch(`${server.url}/v1/models/nobody/retire`, posted);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ detail: 'parameter "why": must be string' });
  });

  test.each(['2014-05-09', '2014-05-09T20:00:00', '2014-05-09 20:00:00Z'])(
    'a time may be written as %s',
    async (from) => {
      const { status } = await ask(`/v1/trades?from=${encodeURIComponent(from)}`);
      expect(status).toBe(200);
    },
  );

  test('health, readiness and metrics answer, and headers keep a browser careful', async () => {
    expect(await (await ask('/healthz')).json()).toEqual({ status: 'ok' });
    const checks = { postgres: 'ok', questdb: 'ok', kafka: 'ok', redis: 'ok', stages: 'ok' };
    expect(await (await ask('/readyz')).json()).toEqual({ status: 'ok', checks });
    const metrics = await (await ask('/metrics')).text();
    const lag = 'tickloom_stage_lag_records{stage="sink",topic="ticks",partition="0"} 42';
    expect(metrics).toContain(lag);
    expect(metrics).toMatch(/duration_seconds_count\{method="GET",route="\/v1\/trades"/);
    const { headers } = await ask('/');
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('every process of the installation speaks through one address', async () => {
    const metric = {
      ...{ name: 'tickloom_stage_events_total', help: 'h', type: 'counter', aggregator: 'sum' },
      values: [{ value: 7, labels: { stage: 'sink', topic: 't', partition: '0', event: 'late' } }],
    };
    const cpu = {
      ...{ name: 'process_cpu_seconds_total', help: 'h', type: 'counter', aggregator: 'omit' },
      values: [{ value: 1.5, labels: {} }],
    };
    const notes = [
      { worker: 'far:1', process: 'sink', metrics: [metric, cpu] },
      { worker: 'far:2', process: 'sink', metrics: [metric] },
      { worker: 'far:3', process: 'stream', metrics: [metric] },
    ];
    for (const note of notes) await noteMetrics(server.postgres, note);
    await server.postgres.query(
      `UPDATE process_metrics SET at = now() - interval '5 minutes' WHERE worker = 'far:3'`,
    );
    const text = await (await ask('/metrics')).text();
    const late = 'tickloom_stage_events_total{stage="sink",topic="t",partition="0",event="late",';
    expect(text).toContain(`${late}process="sink",worker="far:1"} 7`);
    expect(text).toContain(`${late}process="sink",worker="far:2"} 7`);
    expect(text).toContain('process_cpu_seconds_total{process="sink",worker="far:1"} 1.5');
    expect(text).toMatch(/\nprocess_cpu_seconds_total\{process="http",worker="[^"]+"\} \d/);
    expect(text).toMatch(/\nnodejs_eventloop_lag_seconds\{process="http",/);
    // It is silent for five minutes: what it counted then is no news.
    expect(text).not.toContain(`${late}process="stream"`);
    expect(text).toMatch(/tickloom_process_said_seconds\{process="stream",worker="far:3"\} 30\d/);
    const typed = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(new Set(typed).size).toBe(typed.length);
    const { nodes } = await get<{ nodes: Item[] }>('flow');
    expect(nodes.map(({ name, state }) => [name, state])).toEqual([
      ['feed', null],
      ['stream', 'not running'],
      ['sink', 'running'],
      ['labels', 'not running'],
    ]);
    for (const { worker } of notes) await forgetMetrics(server.postgres, worker);
  });

  test('an account is worth its cash and its open positions, not its short proceeds', async () => {
    const { items } = await get<Page>('accounts');
    const account = items.find((each) => each['account'] === 'apitest');
    const trades = await all('trades?account=apitest', 100);
    const open = trades.find(({ state }) => state === 'open');
    expect(open).toMatchObject({ side: 'sell', size: '1000' });
    const last = minuteCandles(market).at(-1)!;
    const closed = trades.reduce((sum, { account_pnl: pnl }) => sum + Number(pnl), 0);
    const gain = (Number(open!['entry_price']) - last.close) * 1000;
    expect(Number(account!['equity'])).toBeCloseTo(10_000 + closed + gain, 6);
    expect(Number(account!['balance'])).toBeGreaterThan(11_300);
    expect(account!['priced_ts']).toBe(formatUs(last.ts));
  });

  test('what was due last is so in event time, whatever was touched since', async () => {
    await server.postgres.query(
      `INSERT INTO job_runs (job, subject, due_ts, state, finished_at) VALUES
       ('retention', 'apitest:old', '2014-05-01', 'failed', now() + interval '1 day'),
       ('retention', 'apitest:new', '2099-05-02', 'done', now() - interval '1 day')`,
    );
    const { items } = await get<Page>('jobs/newest');
    const found = items.find(({ job }) => job === 'retention');
    expect(found).toMatchObject({ due_ts: '2099-05-02T00:00:00.000000Z', state: 'done' });
    await server.postgres.query(`DELETE FROM job_runs WHERE subject LIKE 'apitest:%'
      AND job = 'retention'`);
  });

  test('nothing went wrong in the server meanwhile', () => {
    expect(server.logged).toEqual([]);
  });
});

describe('servers away', () => {
  test('is 503 with the name of the one that is away, and the process lives on', async () => {
    // Nobody listens on the port of the discard service.
    const gone = { TICKLOOM_POSTGRES_URL: 'postgres://tickloom@127.0.0.1:9/tickloom' };
    const lonely = await startServer({ env: gone });
    try {
      const trades = await fetch(`${lonely.url}/v1/trades`);
      expect(trades.status).toBe(503);
      expect(trades.headers.get('retry-after')).toBe('2');
      const ready = await fetch(`${lonely.url}/readyz`);
      expect(ready.status).toBe(503);
      const { checks } = (await ready.json()) as { checks: Record<string, string> };
      expect(checks['questdb']).toBe('ok');
      expect(checks['postgres']).toContain('ECONNREFUSED');
      expect((await fetch(`${lonely.url}/healthz`)).status).toBe(200);
    } finally {
      await lonely.close();
    }
  });
});
