/**
 * `GET /v1/quality` and `/v1/quality/counts`: late, corrected, missing, future and broken ticks.
 */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { qualityCounts } from '../../tables/http/quality.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { questdbList } from '../list-route.ts';
import { optional, symbol, venue } from '../parameters.ts';
import { listOf, noQuery, read } from '../route.ts';

const KINDS = 'late, correction, gap, reset, future, bad_clock or malformed';

const QualityEvent = Type.Object({
  ts: c.time(),
  known_at: c.time(),
  venue: c.maybe(c.text()),
  symbol: c.maybe(c.text()),
  kind: c.text(KINDS),
  source: c.maybe(c.text('topic/partition/offset')),
  detail: c.maybe(c.text('JSON')),
});
const Count = Type.Object({
  venue: c.maybe(c.text()),
  symbol: c.maybe(c.text()),
  kind: c.text(),
  events: c.integer(),
  last_ts: c.maybe(c.time()),
});

export const quality = (app: FastifyInstance, context: HttpContext): void => {
  questdbList(app, context, {
    noun: 'quality',
    summary: 'Data-quality events',
    source: 'quality_events',
    item: QualityEvent,
    ties: ['venue', 'symbol', 'kind', 'source'],
    filters: {
      venue: optional(venue),
      symbol: optional(symbol),
      kind: optional(Type.String({ description: KINDS })),
    },
  });
  read(app, {
    path: '/v1/quality/counts',
    noun: 'quality',
    summary: 'Data-quality events counted by instrument and kind',
    query: noQuery,
    answer: listOf(Count),
    handle: async () => {
      const rows = await qualityCounts(context.questdb);
      return { items: rows.map((row) => c.itemOf(Count, row)), next: null };
    },
  });
};
