/**
 * `GET /v1/stream`: server-sent events. `candle`, `prediction`, `signal`, `trade` and `model` carry
 * the item as its list shows it; `reset` says to read the lists again (at the start, too). A client
 * that comes back with `Last-Event-ID` continues where it stopped.
 */
import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';
import { optional, parameters, symbol, venue } from '../parameters.ts';
import { badParameter, Problem } from '../problem.ts';
import { PROBLEMS } from '../route.ts';
import { ALL, type LiveFeed } from '../live-feed.ts';
import { instrumentKey } from '../../domain/wire.ts';

/** A proxy or a sleeping network card ends silent connections; this keeps them open. */
const KEEP_ALIVE_MS = 15_000;
const MAX_CLIENTS = 100;
/** A client that reads nothing is let go before its backlog costs memory that others need. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;

export function stream(app: FastifyInstance, feed: LiveFeed): void {
  const open = new Set<ServerResponse>();
  app.addHook('preClose', async () => {
    for (const response of open) response.end();
  });
  const schema = {
    tags: ['stream'],
    summary: 'Server-sent events: what is new, of one instrument or of all',
    operationId: 'getV1Stream',
    querystring: parameters({ venue: optional(venue), symbol: optional(symbol) }),
    response: {
      200: {
        description: 'events until either side ends',
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      },
      ...PROBLEMS,
    },
  };
  // HEAD would wait for the end of events, which never comes.
  app.get('/v1/stream', { schema, exposeHeadRoute: false }, (request, reply) => {
    const { venue: ofVenue, symbol: ofSymbol } = request.query as Record<string, string>;
    if (ofVenue === undefined && ofSymbol !== undefined) {
      throw badParameter('venue', 'is needed with "symbol"');
    }
    if (ofVenue !== undefined && ofSymbol === undefined) {
      throw badParameter('symbol', 'is needed with "venue"');
    }
    if (open.size >= MAX_CLIENTS) {
      throw new Problem(503, `${MAX_CLIENTS} clients listen already; try again later`);
    }
    const instrument =
      ofVenue && ofSymbol ? instrumentKey({ venue: ofVenue, symbol: ofSymbol }) : ALL;
    const lastId = request.headers['last-event-id'];
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    reply.hijack();
    serve(reply.raw, feed, instrument, typeof lastId === 'string' ? lastId : null, open);
  });
}

function serve(
  response: ServerResponse,
  feed: LiveFeed,
  instrument: string,
  lastId: string | null,
  open: Set<ServerResponse>,
): void {
  open.add(response);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write('retry: 2000\n\n');
  const beat = setInterval(() => response.write(': alive\n\n'), KEEP_ALIVE_MS);
  const end = feed.subscribe(
    {
      instrument,
      send: (type, id, data) => {
        if (response.writableLength > MAX_BACKLOG_BYTES) response.destroy();
        else response.write(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
      },
    },
    lastId,
  );
  response.on('close', () => {
    clearInterval(beat);
    end();
    open.delete(response);
  });
  response.on('error', () => response.destroy());
}
