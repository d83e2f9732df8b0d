/**
 * `GET /v1/quality`, `/v1/quality/counts`, `/v1/quality/unknown-kinds`: late, corrected, missing,
 * future and broken ticks, and kinds that nobody knows.
 */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { unknownKinds } from '../../postgres/tables/unknown-kinds.ts';
import { qualityCounts } from '../tables/quality.ts';
import {
  QUALITY_KINDS,
  QualityEvent as QualityEventRecord,
} from '../../domain/records/quality-event.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { questdbList } from '../list-route.ts';
import { optional, symbol, venue } from '../parameters.ts';
import { pagedRead } from '../paged-route.ts';

const event = c.shown(QualityEventRecord);
const QualityEvent = c.titled('QualityEvent', {
  ...event,
  source: c.maybe(event.source),
  detail: c.maybe(event.detail),
});
const Count = c.titled('QualityCount', {
  venue: event.venue,
  symbol: event.symbol,
  kind: event.kind,
  events: c.integer(),
  last_ts: c.maybe(c.time()),
});
export type QualityCount = Static<typeof Count>;

const UnknownKind = c.titled('UnknownKind', {
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
      kind: optional(Type.String({ description: QUALITY_KINDS.join(', ') })),
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
      return rows.map((row) => c.toItem(Count, row));
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
      return rows.map((row) => c.toItem(UnknownKind, { ...row }));
    },
  });
};
