/** Nobody's words make the server fail, who may ask is checked, and every list has pages. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as tlsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findFault, fuzzRequests, send, type OpenApi } from '../support/http-fuzz.ts';
import { startServer, type ServerUnderTest } from './server-under-test.ts';

const SEED = 20_261_127;
const REQUESTS = 600;

let server: ServerUnderTest;
let token: string;
let document: OpenApi;
beforeAll(async () => {
  server = await startServer();
  token = readFileSync(join(server.config.dataDir, 'http-token'), 'utf8').trim();
  document = (await (await fetch(`${server.url}/v1/openapi.json`)).json()) as OpenApi;
});
afterAll(() => server.close());

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, init);
const signed = (more: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${token}`, ...more },
});

describe('words of users', () => {
  test('are answered or refused as a problem, whatever they are', async () => {
    const faults: string[] = [];
    for (const request of fuzzRequests(document, { seed: SEED, count: REQUESTS, token })) {
      const line = `${request.method} ${request.path.slice(0, 300)}`;
      try {
        const fault = findFault(request, await send(server.url, request));
        if (fault !== null) faults.push(`${line}: ${fault} ${request.body?.slice(0, 100) ?? ''}`);
      } catch (error) {
        faults.push(`${line}: ${String(error)}`);
      }
    }
    expect(faults).toEqual([]);
  });

  test.each([
    ['/v1/models/%00', '"id": has a NUL'],
    ['/v1/models?state=a%00b', '"state": has a NUL'],
    ['/v1/bots?limit=1e309', '"limit": is a number without end'],
    ['/v1/performance/equity?limit=-1e309', '"limit": is a number without end'],
    ['/v1/labels?venue=a&symbol=b&limit=Infinity', '"limit": is a number without end'],
    ['/v1/models/%ff', 'the address cannot be read'],
    ['/v1/models?venue=a&venue=b', 'must be string'],
    [`/v1/models?after=${Buffer.from('[1,"\\u0000"]').toString('base64url')}`, '"after"'],
  ])('%s is 400 with the reason', async (path, reason) => {
    const answer = await ask(path);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(((await answer.json()) as { detail: string }).detail).toContain(reason);
  });

  test('of far times and long ids find nothing, and that is an answer', async () => {
    for (const path of ['models', 'quality', 'jobs', 'errors']) {
      for (const time of ['9999-12-31', '9999-12-31T23:59:59-10:00', '0000-01-01']) {
        const request = `/v1/${path}?from=0000-01-01&to=${encodeURIComponent(time)}`;
        expect([request, (await ask(request)).status]).toEqual([request, 200]);
      }
    }
    const statusForLength = async (length: number): Promise<number> =>
      (await ask(`/v1/trades/${'a'.repeat(length)}`)).status;
    expect([
      await statusForLength(300),
      await statusForLength(301),
      await statusForLength(3_000),
    ]).toEqual([...[404, 400, 400]]);
  });

  test('with a wrong method are 405 and say which there are', async () => {
    for (const [path, method, allow] of [
      ['/v1/trades', 'DELETE', 'GET, HEAD'],
      ['/v1/trades/x', 'PUT', 'GET, HEAD'],
      ['/v1/models/x/promote', 'GET', 'POST'],
      ['/v1/datasets', 'PATCH', 'GET, HEAD, POST'],
      ['/v1/stream', 'DELETE', 'GET'],
      ['/', 'POST', 'GET, HEAD'],
    ] as const) {
      const answer = await ask(path, { method });
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, allow]);
      expect(await answer.json()).toMatchObject({ status: 405, title: 'Method not allowed' });
    }
    // Events have no end that a HEAD could wait for.
    expect((await ask('/v1/stream', { method: 'HEAD' })).status).toBe(405);
    expect((await ask('/v1/nothing', { method: 'GET' })).status).toBe(404);
  });

  test('of a wrong type, broken, too deep or too large are refused by their own numbers', async () => {
    const post = async (body: string, type = 'application/json'): Promise<number> => {
      const init = { method: 'POST', body, ...signed({ 'content-type': type }) };
      return (await ask('/v1/models/x/retire', init)).status;
    };
    expect(await post('{"why":"because"}', 'text/plain')).toBe(415);
    expect(await post('{"why"')).toBe(400);
    expect(await post(`{"why":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)).toBe(400);
    expect(await post(`{"why":"${'a'.repeat(70_000)}"}`)).toBe(413);
    expect(await post('{"why":"because"}')).toBe(404);
  });

  test('every route names its problems in the document', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        const of = `${method} ${path}`;
        const needed = ['400', '401', '421', '429', '503', 'default'];
        if (method === 'post') needed.push('413', '415');
        expect([of, needed.filter((status) => !(status in responses))]).toEqual([of, []]);
        expect(JSON.stringify(responses['400'])).toContain('application/problem+json');
      }
    }
  });
});

describe('lists', () => {
  test('all take a limit and go on behind it', async () => {
    const lists = Object.entries(document.paths).filter(([, { get }]) =>
      JSON.stringify(get?.responses['200'] ?? {}).includes('give it back as'),
    );
    expect(lists.length).toBeGreaterThan(20);
    for (const [path, { get }] of lists) {
      const names = new Set((get?.parameters ?? []).map(({ name }) => name));
      expect([path, ['limit', 'after'].filter((name) => !names.has(name))]).toEqual([path, []]);
    }
  });

  test('of instruments and settings come page by page, each item once', async () => {
    for (const path of ['/v1/instruments', '/v1/settings']) {
      interface Page {
        readonly items: object[];
        readonly next: string | null;
      }
      const page = async (query: string): Promise<Page> =>
        (await (await ask(`${path}?${query}`)).json()) as Page;
      const whole = await page('limit=5000');
      const items: object[] = [];
      for (let after = ''; ;) {
        const { items: some, next } = await page(`limit=3${after}`);
        expect(some.length).toBeLessThanOrEqual(3);
        items.push(...some);
        if (next === null) break;
        after = `&after=${next}`;
      }
      expect(items).toEqual(whole.items);
    }
  });
});

describe('wrong tokens', () => {
  test('are refused for a while, logged and reported; the right one is not', async () => {
    const own = await startServer();
    try {
      const right = readFileSync(join(own.config.dataDir, 'http-token'), 'utf8').trim();
      const status = async (given: string): Promise<number> => {
        const headers = { authorization: `Bearer ${given}` };
        return (await fetch(`${own.url}/v1/models/x/retire`, { method: 'POST', headers })).status;
      };
      const seen: number[] = [];
      for (let i = 0; i < 30; i++) seen.push(await status(`wrong-${i}`));
      expect(seen).toEqual([...Array<number>(10).fill(401), ...Array<number>(20).fill(429)]);
      expect(await status(right)).toBe(400);
      const refused = await fetch(`${own.url}/sign-in`, {
        ...{ method: 'POST', body: new URLSearchParams({ token: 'wrong' }), redirect: 'manual' },
      });
      expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
      expect(own.logged.filter((line) => line.startsWith('a wrong token'))).toHaveLength(2);
      await vi.waitFor(async () => {
        const { rows } = await own.postgres.query(
          `SELECT message FROM alerts WHERE alert_key = 'wrong_tokens:127.0.0.1' AND state = 'open'`,
        );
        expect(rows).toEqual([{ message: expect.stringContaining('from 127.0.0.1') as string }]);
      }, 10_000);
      expect(JSON.stringify(own.logged)).not.toContain(right);
    } finally {
      await own.postgres.query(`DELETE FROM alerts WHERE alert_key LIKE 'wrong_tokens:%'`);
      await own.close();
    }
  });
});

describe('beyond loopback', () => {
  test('it does not start without TLS unless somebody says so', async () => {
    const env = { TICKLOOM_HTTP_HOST: '0.0.0.0' };
    await expect(startServer({ env })).rejects.toThrow('start with --insecure');
    const cert = { ...env, TICKLOOM_HTTP_TLS_CERT: '/nowhere.pem' };
    await expect(startServer({ env: cert })).rejects.toThrow('set both, or none');
  });

  test('TLS is a setting, the cookie goes by TLS alone, and no token is in an address', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tickloom-tls-'));
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost'],
      ],
      { stdio: 'ignore' },
    );
    const own = await startServer({
      env: {
        ...{ TICKLOOM_HTTP_HOST: '0.0.0.0', TICKLOOM_HTTP_TLS_CERT: cert },
        TICKLOOM_HTTP_TLS_KEY: key,
      },
    });
    try {
      const right = readFileSync(join(own.config.dataDir, 'http-token'), 'utf8').trim();
      const { port } = new URL(own.url);
      const over = (path: string, method = 'GET', body = '', headers = {}) =>
        new Promise<{ status: number; cookie: string; body: string }>((resolve, reject) => {
          const form = { 'content-type': 'application/x-www-form-urlencoded' };
          const sent = tlsRequest(
            {
              ...{ host: '127.0.0.1', port, path, method, ca: readFileSync(cert) },
              ...{ servername: 'localhost', headers: { ...(body ? form : {}), ...headers } },
              checkServerIdentity: () => undefined,
            },
            (response) => {
              let text = '';
              response.on('data', (chunk) => (text += String(chunk)));
              response.on('end', () => {
                const cookie = String(response.headers['set-cookie'] ?? '');
                resolve({ status: response.statusCode ?? 0, cookie, body: text });
              });
            },
          );
          sent.on('error', reject);
          sent.end(body);
        });
      expect((await over('/healthz')).status).toBe(200);
      expect((await over('/v1/trades')).status).toBe(401);
      expect((await over(`/?token=${right}`)).body).toContain('<form method="post"');
      expect((await over('/sign-in', 'POST', 'token=wrong')).status).toBe(401);
      const { status, cookie } = await over('/sign-in', 'POST', `token=${right}`);
      expect(status).toBe(303);
      expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/; Secure$/);
      const signedIn = { cookie: cookie.split(';')[0] ?? '' };
      expect((await over('/', 'GET', '', signedIn)).status).toBe(200);
      await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
    } finally {
      await own.close();
      rmSync(dir, { recursive: true });
    }
  });
});
