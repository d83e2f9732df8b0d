/** The API's OpenAPI document -> the table of routes in `docs/http.md`, each with an example. */
import { code, table } from './markdown.ts';
import type { Operation, Paths } from './openapi.ts';

const BEGIN = '<!-- routes: made from the OpenAPI document by `npm run docs` -->';
const END = '<!-- end of routes -->';

/** What every list takes; written once, above the table. */
const PAGING = new Set(['from', 'to', 'order', 'limit', 'after']);

const MARKET = 'venue=oanda&symbol=EUR/USD';

/** Of a route that has to be given something: its query, or the body of a POST. */
const EXAMPLES: Readonly<Record<string, string>> = {
  'GET /v1/candles': `${MARKET}&timeframe=1h&limit=2`,
  'GET /v1/features': `${MARKET}&from=2014-05-06&to=2014-05-07&limit=2`,
  'GET /v1/predictions': `${MARKET}&limit=2`,
  'GET /v1/labels': `${MARKET}&limit=2`,
  'GET /v1/signals': `${MARKET}&limit=2`,
  'GET /v1/trades': 'state=closed&limit=2',
  'GET /v1/performance/metrics': 'by=symbol',
  'GET /v1/performance/predictions': MARKET,
  'GET /v1/models/outcomes': 'by=symbol',
  'GET /v1/models/{id}/outcomes': 'by=day',
  'GET /v1/models/{id}/drift': 'hours=24',
  'GET /v1/alerts': 'state=open',
  'GET /v1/jobs': 'job=training&limit=5',
  'GET /v1/stream': MARKET,
  'POST /v1/models/{id}/promote': '{"why": "a trial", "force": true}',
  'POST /v1/models/{id}/retire': '{"why": "a trial is over"}',
  'POST /v1/models/rollback': '{"why": "a trial", "venue": "oanda", "symbol": "EUR/USD"}',
  'POST /v1/models/changes/{id}/undo': '{"why": "a mistake"}',
  'POST /v1/datasets': '{"from": "2014-05-01", "to": "2014-05-03", "symbols": ["oanda:EUR/USD"]}',
  'POST /v1/jobs/{id}/retry': '{"why": "the disk has room again"}',
  'POST /v1/jobs/{id}/cancel': '{"why": "requested by mistake"}',
};

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The page with its table made anew; all else of it is written by hand. */
export function withRoutes(text: string, paths: Paths): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/http.md has no "${BEGIN}" … "${END}"`);
  const made = routesTable(listRoutes(paths));
  return [text.slice(0, begin), BEGIN, '\n\n', made, '\n\n', text.slice(end)].join('');
}

const listRoutes = (paths: Paths): Route[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );

const routeName = ({ method, path }: Route): string => `${method} ${path}`;

function routesTable(routes: readonly Route[]): string {
  const names = new Set(routes.map(routeName));
  const gone = Object.keys(EXAMPLES).filter((name) => !names.has(name));
  if (gone.length > 0) throw new Error(`examples of routes that are not there: ${gone.join(', ')}`);
  return table(
    ['route', 'what it does', 'parameters', 'example'],
    routes.map((route) => [
      code(routeName(route)),
      route.operation.summary,
      formatParameters(route),
      code(formatExample(route)),
    ]),
  );
}

/** Those that are needed in bold; `list` stands for what every list takes. */
function formatParameters({ operation: { parameters = [] } }: Route): string {
  const queried = parameters.filter(({ in: place }) => place === 'query');
  const own = queried
    .filter(({ name }) => !PAGING.has(name))
    .map(({ name, required }) => (required === true ? `**${code(name)}**` : code(name)));
  const isList = queried.some(({ name }) => name === 'after');
  const times = queried.filter(({ name }) => name === 'from' || name === 'to');
  if (isList) own.push(times.length > 0 ? 'list with times' : 'list');
  else own.push(...queried.filter(({ name }) => PAGING.has(name)).map(({ name }) => code(name)));
  return own.join(', ');
}

/** The address behind the server's, or what is posted. */
function formatExample(route: Route): string {
  const { path, method, operation } = route;
  const example = EXAMPLES[routeName(route)];
  if (method === 'POST') {
    if (example === undefined) throw new Error(`${routeName(route)} has no example of a body`);
    return example;
  }
  const needed = (operation.parameters ?? []).some(
    ({ in: place, required }) => place === 'query' && required === true,
  );
  if (needed && example === undefined) throw new Error(`${routeName(route)} has no example`);
  const address = path.replace('{id}', 'ID');
  return example === undefined ? address : `${address}?${example}`;
}
