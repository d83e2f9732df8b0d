/** `GET /v1/candles`: one instrument's candles of one timeframe, the highest revision of each. */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { StoredCandle } from '../../domain/records/candle.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { questdbList } from '../list-route.ts';
import { symbol, timeframe, venue } from '../parameters.ts';

export const Candle = c.titled('Candle', {
  ...c.shown(Type.Omit(StoredCandle, ['imported_at'])),
  flags: c.flags,
});
export type Candle = Static<typeof Candle>;

export const candles = (app: FastifyInstance, context: HttpContext): void =>
  questdbList(app, context, {
    noun: 'candles',
    summary: 'Candles of an instrument',
    source: 'candles_latest',
    item: Candle,
    ties: [],
    filters: { venue, symbol, timeframe },
    maximum: 5000,
  });
