/** What nobody may say, who may try tokens, and where a server may listen: without any database. */
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { loadTls } from '../../src/http/exposure.ts';
import { slicePage } from '../../src/http/paged-route.ts';
import { useProblems } from '../../src/http/problem.ts';
import { useWords } from '../../src/http/words.ts';
import { WrongTokens } from '../../src/http/wrong-tokens.ts';

function server(): FastifyInstance {
  const app = Fastify({ ajv: { customOptions: { coerceTypes: true, removeAdditional: false } } });
  useProblems(app);
  useWords(app);
  const limit = { type: 'integer', minimum: 1, maximum: 10 };
  const querystring = { type: 'object', properties: { limit, name: { type: 'string' } } };
  app.get('/items/:id', { schema: { querystring } }, async () => ({ fine: true }));
  app.post('/items', async () => ({ fine: true }));
  app.post('/items/undo', async () => ({ fine: true }));
  return app;
}

describe('words', () => {
  test.each([
    ['/items/%00', '"id": has a NUL'],
    ['/items/a?name=%00', '"name": has a NUL'],
    ['/items/a?limit=Infinity', '"limit": is a number without end'],
    ['/items/a?limit=-1e999', '"limit": is a number without end'],
  ])('of an address are looked at: %s', async (url, reason) => {
    const answer = await server().inject({ url });
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      ...[
        400,
        `parameter ${reason}${reason.endsWith('NUL') ? ' in it, which no text here has' : ''}`,
      ],
    ]);
  });

  test.each(['1e999', '5 items', "'; DROP TABLE a", '🦆', 'EUR/USD'])(
    'that are only odd are taken: %s',
    async (name) => {
      const answer = await server().inject({ url: '/items/a', query: { name } });
      expect(answer.statusCode).toBe(200);
    },
  );

  test.each([
    ['{"a":[{"b":"\\u0000"}]}', 400],
    ['{"a\\u0000":1}', 400],
    ['{"a":1e999}', 400],
    [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, 400],
    ['{"a":[{"b":"c"}]}', 200],
  ])('of a body are looked at all the way down: %#', async (payload, status) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await server().inject({ method: 'POST', url: '/items', payload, headers });
    expect(answer.statusCode).toBe(status);
  });

  test('that are long are not repeated whole: an answer is a reason, no echo', async () => {
    const headers = { 'content-type': 'application/json' };
    const nested = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const deep = await server().inject({ method: 'POST', url: '/items', payload: nested, headers });
    const long = await server().inject({ url: `/items/a?limit=Infinity&${'b'.repeat(9_000)}=%00` });
    const away = await server().inject({ url: `/${'c'.repeat(9_000)}` });
    for (const [answer, status] of [
      [deep, 400],
      [long, 400],
      [away, 404],
    ] as const) {
      expect(answer.statusCode).toBe(status);
      expect(answer.body.length).toBeLessThan(5_000);
    }
    expect(away.json<{ detail: string }>().detail).toMatch(/… \(\d+ characters\)$/);
  });

  test('with a method that an address does not have are told which it has', async () => {
    const status = async (method: 'DELETE' | 'GET', url: string): Promise<unknown[]> => {
      const { statusCode, headers } = await server().inject({ method, url });
      return [statusCode, headers['allow']];
    };
    expect(await status('DELETE', '/items/a')).toEqual([405, 'GET, HEAD']);
    expect(await status('GET', '/items')).toEqual([405, 'POST']);
    expect(await status('DELETE', '/items/a/b')).toEqual([404, undefined]);
    expect(await status('DELETE', '/items/')).toEqual([404, undefined]);
    // Not those of /items/:id, which the path would fit too.
    expect(await status('DELETE', '/items/undo')).toEqual([405, 'POST']);
  });
});

describe('wrong tokens', () => {
  function counter() {
    const clock = { ms: 0 };
    const [wrong, refused]: [string[], string[]] = [[], []];
    const tokens = new WrongTokens({
      monotonicMs: () => clock.ms,
      onWrong: (address, count) => wrong.push(`${address} ${count}`),
      onRefused: (addresses) => refused.push(addresses.join(' ')),
    });
    const waits = (ip: string, times: number): number[] =>
      Array.from({ length: times }, () => tokens.note(ip));
    return { clock, wrong, refused, waits };
  }

  test('are a mistake ten times, and refused for what is left of the minute', () => {
    const { clock, wrong, refused, waits } = counter();
    expect(waits('1.2.3.4', 10)).toEqual(Array(10).fill(0));
    clock.ms = 20_000;
    expect(waits('1.2.3.4', 2)).toEqual([40, 40]);
    expect(waits('1.2.3.5', 1)).toEqual([0]);
    clock.ms = 60_000;
    expect(waits('1.2.3.4', 1)).toEqual([0]);
    expect(wrong).toEqual(['1.2.3.4 1', '1.2.3.4 10', '1.2.3.5 1', '1.2.3.4 1']);
    expect(refused).toEqual(['1.2.3.4']);
  });

  test('from one network of IPv6 are of one sender, and from ever more are counted in the end', () => {
    const { refused, waits } = counter();
    for (let i = 0; i < 11; i++) waits(`2001:db8:1:2::${i.toString(16)}`, 1);
    expect(refused).toEqual(['2001:db8:1:2::/64']);
    for (let i = 0; i < 20_000; i++) waits(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 1);
    expect(refused).toEqual(['2001:db8:1:2::/64', '2001:db8:1:2::/64 many addresses']);
  });
});

describe('beyond loopback', () => {
  const exposed = (env: Record<string, string>): unknown => loadTls(loadConfig({}, env));

  test('a server needs TLS, or somebody who says that it does not', () => {
    expect(exposed({})).toBeNull();
    expect(() => exposed({ TICKLOOM_HTTP_HOST: '0.0.0.0' })).toThrow('start with --insecure');
    expect(() => exposed({ TICKLOOM_HTTP_HOST: '::' })).toThrow('TICKLOOM_HTTP_INSECURE=true');
    const settings = { TICKLOOM_HTTP_HOST: '10.0.0.1', TICKLOOM_HTTP_INSECURE: 'true' };
    expect(exposed(settings)).toBeNull();
  });

  test('a certificate comes with its key, and both are what they should be', () => {
    const cert = { TICKLOOM_HTTP_TLS_CERT: import.meta.filename };
    expect(() => exposed(cert)).toThrow('set both, or none');
    const both = { ...cert, TICKLOOM_HTTP_TLS_KEY: import.meta.filename };
    expect(() => exposed(both)).toThrow('are no certificate and its key');
  });
});

test('pages of a list that changes meanwhile go on behind the last item, or at its place', () => {
  const items = ['a', 'b', 'c', 'd'].map((id) => ({ id }));
  const first = slicePage(items, ['id'], 2, undefined);
  expect(first.items).toEqual([{ id: 'a' }, { id: 'b' }]);
  const after = first.next ?? '';
  const moved = [{ id: 'new' }, ...items];
  expect(slicePage(moved, ['id'], 2, after)).toEqual({ items: items.slice(2), next: null });
  const gone = items.filter(({ id }) => id !== 'b');
  expect(slicePage(gone, ['id'], 2, after)).toEqual({ items: [{ id: 'd' }], next: null });
  expect(slicePage([], ['id'], 2, after)).toEqual({ items: [], next: null });
});
