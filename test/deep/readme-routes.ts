/** The table of routes in `docs/http.md`: each example is asked as it stands there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../../src/clock.ts';
import { must } from '../../src/assert.ts';

export interface Http {
  readonly http: string;
  readonly http_token: string;
}

export interface Example {
  /** `GET /v1/trades/{id}` */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** The address, or the body of a POST. */
  readonly example: string;
}

export function routesIn(root: string): Example[] {
  const text = readFileSync(join(root, 'docs', 'http.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(GET|POST) (\/v1\/[^`]+)` \|.*\| `(.+)` \|$/gm)];
  return rows.map(([, method = '', path = '', example = '']) => ({
    name: `${method} ${path}`,
    method,
    path,
    example,
  }));
}

/** Where the first id of a noun is to be found, and by which field. */
const ID_OF: Readonly<Record<string, readonly [list: string, field: string]>> = {
  '/v1/signals': ['/v1/signals', 'signal_id'],
  '/v1/trades': ['/v1/trades', 'trade_id'],
  '/v1/models': ['/v1/models', 'model_id'],
  '/v1/jobs': ['/v1/jobs', 'run_id'],
};

/** Null: it answered as the page says. */
export async function askRoute(route: Example, http: Http): Promise<string | null> {
  if (route.method === 'POST') return post(route, http);
  const address = route.example.includes('ID')
    ? route.example.replace('ID', encodeURIComponent(await idFor(route.path, http)))
    : route.example;
  if (route.path === '/v1/stream') return firstEvent(address, http);
  const { status, text } = await ask(http, address);
  return status === 200 ? null : `${address}: ${status} ${text.slice(0, 300)}`;
}

async function ask(
  { http, http_token: token }: Http,
  address: string,
  body?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const options = body === undefined ? {} : { method: 'POST', headers, body };
  const answer = await fetch(`${http}${address}`, options);
  return { status: answer.status, text: await answer.text() };
}

async function idFor(path: string, http: Http): Promise<string> {
  if (path.startsWith('/v1/datasets')) return datasetId(path, http);
  const [noun] = path.split('/{');
  const [list, field] = must(ID_OF[noun ?? ''], `where ids of ${path} are is known here`);
  const { text } = await ask(http, `${list}?limit=1`);
  const [item] = (JSON.parse(text) as { items: Record<string, unknown>[] }).items;
  return String(must(item?.[field], `${list} has an item`));
}

let requested: Promise<{ readonly request: string; readonly dataset: string }> | null = null;

/** Of a set that is asked for over HTTP, once: only such a set has files to be fetched. */
async function datasetId(path: string, http: Http): Promise<string> {
  requested ??= makeDataset(http);
  const { request, dataset } = await requested;
  return path.includes('/requests/') ? request : dataset;
}

async function makeDataset(http: Http): Promise<{ request: string; dataset: string }> {
  const body = '{"from": "2014-05-06", "to": "2014-05-07", "symbols": ["oanda:EUR/USD"]}';
  const { text } = await ask(http, '/v1/datasets', body);
  const request = String((JSON.parse(text) as { request_id: unknown }).request_id);
  for (let tries = 0; tries < 240; tries++) {
    const seen = await ask(http, `/v1/datasets/requests/${request}`);
    const found = JSON.parse(seen.text) as { dataset_id: string | null; progress: string | null };
    if (found.dataset_id !== null) return { request, dataset: found.dataset_id };
    if (found.progress === 'refused') break;
    await sleep(500);
  }
  throw new Error(`the set that was asked for was not made: ${text}`);
}

/** Of an item that there is none of: the body is right, so it is the id that is refused. */
async function post({ path, example }: Example, http: Http): Promise<string | null> {
  const open = await fetch(`${http.http}${path}`, { method: 'POST', body: example });
  if (open.status !== 401) return `without the token: ${open.status}`;
  const { status, text } = await ask(http, path.replace('{id}', '999999999'), example);
  return [200, 202, 404, 409].includes(status) ? null : `${status} ${text.slice(0, 300)}`;
}

async function firstEvent(address: string, { http }: Http): Promise<string | null> {
  const controller = new AbortController();
  const answer = await fetch(`${http}${address}`, { signal: controller.signal });
  const reader = must(answer.body).getReader();
  const { value } = await reader.read();
  controller.abort();
  const text = new TextDecoder().decode(value as Uint8Array);
  return text.startsWith('retry:') ? null : `it begins with ${text.slice(0, 100)}`;
}
