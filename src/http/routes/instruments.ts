/** `GET /v1/instruments`: what there is data of, the one with the newest data first. */
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { readInstruments } from '../tables/instruments.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { pagedRead } from '../paged-route.ts';

const Instrument = c.titled('Instrument', {
  venue: c.text(),
  symbol: c.text(),
  base: c.maybe(c.text()),
  quote: c.maybe(c.text()),
  pip_size: c.maybe(c.decimal()),
  from_ts: c.maybe(c.time('start of its first candle')),
  to_ts: c.maybe(c.time('start of its last 1m candle')),
  candles: c.integer('1m candles'),
});
export type Instrument = Static<typeof Instrument>;

export const instruments = (app: FastifyInstance, { questdb, postgres }: HttpContext): void =>
  pagedRead(app, {
    path: '/v1/instruments',
    noun: 'instruments',
    summary: 'Instruments, the one with the newest data first',
    filters: {},
    item: Instrument,
    keys: ['venue', 'symbol'],
    handle: async () => {
      const rows = await readInstruments(questdb, postgres);
      return rows.map((row) => c.toItem(Instrument, row));
    },
  });
