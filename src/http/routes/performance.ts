/**
 * `GET /v1/performance`: closed trades by account, bot and UTC day of event time; `/equity`: the
 * sum of net P&L over event time; `/predictions`: how the newest graded predictions did.
 */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { dailyPerformance, equityCurve } from '../tables/performance.ts';
import { newestGraded, scorePredictions } from '../tables/predictions.ts';
import {
  closedTrades,
  performanceBy,
  TRADE_GROUPS,
  type TradeGroup,
} from '../../summaries/trade-performance.ts';
import * as c from '../columns.ts';
import { defaultLabelSpec, type HttpContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { pagedRead } from '../paged-route.ts';
import {
  account,
  after,
  from,
  labelSpec,
  optional,
  parameters,
  symbol,
  timeParameter,
  to,
  venue,
} from '../parameters.ts';
import { badParameter } from '../problem.ts';
import { listSchema, read } from '../route.ts';

const Day = c.titled('Day', {
  account: c.text(),
  bot: c.maybe(c.text()),
  day: c.text('UTC, of the close'),
  currency: c.text(),
  trades: c.integer(),
  winners: c.integer(),
  losers: c.integer(),
  gross_profit: c.decimal(),
  gross_loss: c.decimal(),
  net_pnl: c.decimal(),
});
const EquityPoint = c.titled('EquityPoint', {
  account: c.text(),
  currency: c.text(),
  ts: c.time('close of a trade'),
  trade_id: c.text(),
  net_pnl: c.decimal('of this trade, in the currency of the account'),
  equity: c.decimal('opening balance + net P&L of all trades closed by then'),
  cumulative_net_pnl: c.decimal(),
});
export type EquityPoint = Static<typeof EquityPoint>;
const Metrics = c.titled('TradeMetrics', {
  account: c.text(),
  currency: c.text('of all amounts'),
  group: c.text('all, an instrument, a bot, a model, or a regime; none: there is no such'),
  trades: c.integer('that closed'),
  winners: c.integer(),
  losers: c.integer(),
  win_rate: c.maybe(c.number()),
  win_rate_low: c.maybe(c.number("of its 95 % interval, Wilson's")),
  win_rate_high: c.maybe(c.number()),
  gross_profit: c.decimal(),
  gross_loss: c.decimal(),
  net_pnl: c.decimal(),
  profit_factor: c.maybe(c.number('gross profit by gross loss')),
  max_drawdown: c.maybe(c.number('deepest fall of equity, as a share of its highest; 0 or below')),
  days: c.integer('UTC days from the first close to the last'),
  sharpe: c.maybe(c.number('of daily returns, times the root of 365')),
  first_ts: c.maybe(c.time()),
  last_ts: c.maybe(c.time()),
});
const by = Type.Unsafe<TradeGroup>({
  type: 'string',
  enum: [...TRADE_GROUPS],
  default: 'symbol',
  description: 'what the trades of an account are grouped by',
});
const Score = c.titled('Score', {
  label_spec: c.text(),
  slot: c.text(),
  predictions: c.integer('graded ones that were looked at'),
  matured: c.integer(),
  right: c.integer(),
  wrong: c.integer(),
  hit_rate: c.maybe(c.number()),
  brier: c.maybe(c.number()),
  base_brier: c.maybe(c.number('of a constant at the base rate of the same rows')),
});
export type Score = Static<typeof Score>;

const ALL_DAYS = 1_000_000;

/** Of a page of equity: the oldest trade that it had. */
function tradeBefore(cursor: string): { readonly tsUs: number; readonly tradeId: string } {
  const [tsUs, tradeId] = decodeCursor(cursor, 2);
  if (typeof tsUs === 'number' && typeof tradeId === 'string') return { tsUs, tradeId };
  throw badParameter('after', 'is not the "next" of an earlier page of this list');
}

export const performance = (app: FastifyInstance, context: HttpContext): void => {
  const { postgres, questdb, config } = context;
  const noun = 'performance';
  const limit = Type.Integer({ minimum: 1, maximum: 5000, default: 1000 });
  pagedRead(app, {
    path: '/v1/performance',
    noun,
    summary: 'Closed trades by account, bot and day, the newest day first',
    filters: { account: optional(account) },
    item: Day,
    keys: ['account', 'bot', 'day', 'currency'],
    handle: async (query) => {
      const rows = await dailyPerformance(postgres, query.account, ALL_DAYS);
      return rows.map((row) => c.toItem(Day, row));
    },
  });
  read(app, {
    path: '/v1/performance/equity',
    noun,
    summary: 'Equity after each of the newest closed trades, oldest first; "after": older ones',
    query: parameters({
      account: optional(account),
      limit: optional(limit),
      after: optional(after),
    }),
    answer: listSchema(EquityPoint),
    handle: async (query) => {
      const { limit: size = 1000, after: cursor } = query;
      const before = cursor === undefined ? null : tradeBefore(cursor);
      const rows = await equityCurve(postgres, query.account, size, before);
      const [oldest] = rows;
      const isEnd = oldest === undefined || rows.length < size;
      return {
        items: rows.map((row) => c.toItem(EquityPoint, row)),
        next: isEnd ? null : encodeCursor([oldest['ts'] as number, String(oldest['trade_id'])]),
      };
    },
  });
  pagedRead(app, {
    path: '/v1/performance/metrics',
    noun,
    summary: 'Win rate, profit factor, Sharpe ratio and drawdown of closed trades',
    filters: {
      by: optional(by),
      account: optional(account),
      venue: optional(venue),
      symbol: optional(symbol),
      from: optional(from),
      to: optional(to),
    },
    item: Metrics,
    keys: ['account', 'currency', 'group'],
    handle: async ({ by: group = 'symbol', from: since, to: until, ...of }) => {
      const request = {
        ...of,
        fromUs: timeParameter('from', since),
        toUs: timeParameter('to', until),
      };
      const trades = await closedTrades(postgres, request);
      const rows = await performanceBy(group, trades, questdb);
      return rows.map((row) => c.toItem(Metrics, { ...row }));
    },
  });
  read(app, {
    path: '/v1/performance/predictions',
    noun,
    summary: 'Hit rate and Brier score of the newest graded predictions',
    query: parameters({
      venue,
      symbol,
      label_spec: optional(labelSpec),
      slot: optional(Type.String({ description: 'champion unless given' })),
      limit: optional(limit),
    }),
    answer: Score,
    handle: async (query) => {
      const { label_spec: spec = defaultLabelSpec(config), slot = 'champion' } = query;
      const options = { labelSpec: spec, slot, limit: query.limit ?? 1000 };
      const graded = await newestGraded(questdb, query, options);
      return { label_spec: spec, slot, predictions: graded.length, ...scorePredictions(graded) };
    },
  });
};
