/**
 * `GET /v1/quality`, `/v1/quality/counts`, `/v1/quality/unknown-kinds`: late, corrected, missing,
 * future and broken ticks, and kinds that nobody knows.
 */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { unknownKinds } from '../../postgres/tables/unknown-kinds.ts';
import { qualityCounts } from '../tables/quality.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { questdbList } from '../list-route.ts';
import { optional, symbol, venue } from '../parameters.ts';
import { pagedRead } from '../paged-route.ts';

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

const UnknownKind = Type.Object({
  topic: c.text(),
  kind: c.text('(others) stands for those beyond the first 200 of a topic'),
  records: c.integer(),
  first_place: c.text('topic/partition/offset'),
  first_at: c.time(),
  last_place: c.text('topic/partition/offset'),
  last_at: c.time(),
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
  pagedRead(app, {
    path: '/v1/quality/counts',
    noun: 'quality',
    summary: 'Data-quality events counted by instrument and kind',
    filters: {},
    item: Count,
    keys: ['venue', 'symbol', 'kind'],
    usual: 200,
    handle: async () => {
      const rows = await qualityCounts(context.questdb);
      return rows.map((row) => c.itemOf(Count, row));
    },
  });
  pagedRead(app, {
    path: '/v1/quality/unknown-kinds',
    noun: 'quality',
    summary: 'Kinds of records that no stage knows, counted by topic and name',
    filters: {},
    item: UnknownKind,
    keys: ['topic', 'kind'],
    handle: async () => {
      const rows = await unknownKinds(context.postgres);
      return rows.map((row) => c.itemOf(UnknownKind, { ...row }));
    },
  });
};
