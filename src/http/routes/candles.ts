/** `GET /v1/candles`: one instrument's candles of one timeframe, the highest revision of each. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { questdbList } from '../list-route.ts';
import { symbol, timeframe, venue } from '../parameters.ts';

export const Candle = Type.Object({
  ts: c.time('start of the interval'),
  decided_ts: c.time(),
  known_at: c.time(),
  venue: c.text(),
  symbol: c.text(),
  timeframe: c.text(),
  price_source: c.text('trade or mid'),
  revision: c.integer('0: as served'),
  open: c.number(),
  high: c.number(),
  low: c.number(),
  close: c.number(),
  volume: c.number(),
  trades: c.integer('trades, or quotes of a mid candle'),
  vwap: c.maybe(c.number()),
  flags: c.maybe(c.text('joined with commas')),
});

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
