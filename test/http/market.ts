/**
 * Rows for the tests of the API and the page, as the stages would have written them: a drawn day of
 * one instrument with predictions, labels, signals, trades, two models and what went wrong.
 */
import type pg from 'pg';
import { QuestDbWriter } from '../../src/questdb/writer.ts';
import { must } from '../../src/assert.ts';
import { formatUs, US_PER_DAY, US_PER_HOUR, US_PER_MIN, US_PER_S } from '../../src/domain/time.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import { candles, type CandleRow } from '../../src/questdb/tables/candles.ts';
import { featuresTable } from '../../src/questdb/tables/features.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { labels, type LabelRow } from '../../src/questdb/tables/labels.ts';
import { predictions, type PredictionRow } from '../../src/questdb/tables/predictions.ts';
import { qualityEvents } from '../../src/questdb/tables/quality-events.ts';
import type { SqlReader } from '../../src/questdb/table.ts';
import { sampleManifest } from './manifest.ts';

export interface Market {
  readonly venue: string;
  readonly symbol: string;
  readonly account: string;
  /** The end of the last minute. */
  readonly endUs: number;
  readonly minutes: number;
}

const SPEC = 'direction_1h@1';
const TRADES = 24;

/** The minute candles of a market; the same market, the same candles. */
export function minuteCandles({ venue, symbol, endUs, minutes }: Market): CandleRow[] {
  const random = seededRandom(7);
  const start = endUs - minutes * US_PER_MIN;
  let close = 1.387;
  return Array.from({ length: minutes }, (_, i) => {
    const open = close;
    close *= Math.exp(9e-5 * gaussian(random));
    const reach = 6e-5 * Math.abs(gaussian(random));
    const ts = start + i * US_PER_MIN;
    return {
      ...{ venue, symbol, ts, timeframe: '1m', price_source: 'mid' as const, revision: 0 },
      ...{ decided_ts: ts + US_PER_MIN + 2 * US_PER_S, known_at: ts + US_PER_MIN + 2 * US_PER_S },
      ...{ open, close, high: Math.max(open, close) + reach, low: Math.min(open, close) - reach },
      ...{ volume: 0, trades: 40, vwap: null, flags: '' },
    };
  });
}

function longer(minutes: readonly CandleRow[], timeframe: string, us: number): CandleRow[] {
  const groups = new Map<number, CandleRow[]>();
  for (const candle of minutes) {
    const ts = Math.floor(candle.ts / us) * us;
    groups.set(ts, [...(groups.get(ts) ?? []), candle]);
  }
  return [...groups].map(([ts, parts]) =>
    Object.assign({}, must(parts[0]), {
      ts,
      timeframe,
      high: Math.max(...parts.map(({ high }) => high)),
      low: Math.min(...parts.map(({ low }) => low)),
      close: must(parts.at(-1)).close,
      decided_ts: ts + us + 2 * US_PER_S,
    }),
  );
}

/**
 * A prediction for every minute's end; labels for those whose hour has passed, some of them void.
 */
export function graded(minutes: readonly CandleRow[]): {
  predicted: PredictionRow[];
  labelled: LabelRow[];
} {
  const random = seededRandom(11);
  const predicted: PredictionRow[] = [];
  const labelled: LabelRow[] = [];
  for (const [i, { venue, symbol, ts: start, close, decided_ts }] of minutes.entries()) {
    const ts = start + US_PER_MIN;
    const id = { venue, symbol, ts, decided_ts, label_spec: SPEC };
    const exit = minutes[i + 60];
    const up = exit === undefined ? random() : exit.close > close ? 0.56 : 0.44;
    const probability = Math.min(Math.max(up + 0.06 * gaussian(random), 0.05), 0.95);
    const feature = `default:${venue}:${symbol}:${ts}`;
    predicted.push({
      ...{ ...id, known_at: decided_ts, slot: 'champion', model_id: 'baseline', horizon_s: 3600 },
      ...{ prediction_id: `baseline:${SPEC}:${feature}`, feature_id: feature, verdict: 'ok' },
      ...{ probability_up: probability, expected_return: (probability - 0.5) / 1000, close },
    });
    if (exit === undefined) continue;
    const isVoid = i % 97 === 0;
    const forward = exit.close / close - 1;
    labelled.push({
      ...{ ...id, label_known_at: ts + US_PER_HOUR + 4 * US_PER_S, revision: 0, flags: '' },
      ...{ entry_ts: decided_ts, entry_price: close, exit_ts: exit.ts, exit_price: exit.close },
      ...{ forward_return: isVoid ? null : forward, up: isVoid ? null : forward > 0 ? 1 : 0 },
      ...{ state: isVoid ? 'void' : 'matured', void_reason: isVoid ? 'gap' : null },
    });
  }
  return { predicted, labelled };
}

/** Writes all of the market and waits until it can be read. */
export async function seedMarket(
  pool: pg.Pool,
  reader: SqlReader,
  questdbUrl: string,
  market: Market,
): Promise<void> {
  const minutes = minuteCandles(market);
  const { predicted, labelled } = graded(minutes);
  const writer = new QuestDbWriter({ url: questdbUrl });
  await writer.write(candles, [
    ...minutes,
    ...longer(minutes, '5m', 5 * US_PER_MIN),
    ...longer(minutes, '15m', 15 * US_PER_MIN),
    ...longer(minutes, '1h', US_PER_HOUR),
  ]);
  await writer.write(predictions, predicted);
  await writer.write(labels, labelled);
  const { venue, symbol, endUs: ts } = market;
  const values = Object.fromEntries(FEATURE_NAMES.map((name, i) => [name, i === 0 ? 0.25 : null]));
  const id = { venue, symbol, ts, feature_set: 'default@test', feature_id: 'f', revision: 0 };
  const feature = { ...id, decided_ts: ts, known_at: ts, flags: '', ...values };
  await writer.write(featuresTable(FEATURE_NAMES), [feature]);
  const event = { ts, known_at: ts, venue, symbol, detail: '{}' };
  await writer.write(qualityEvents, [
    { ...event, kind: 'late', source: 'ticks/0/41' },
    { ...event, kind: 'late', source: 'ticks/0/42' },
    { ...event, kind: 'gap', source: 'ticks/0/43' },
  ]);
  writer.close();
  await reader.waitApplied(['candles', 'predictions', 'labels', 'features', 'quality_events']);
  await seedMoney(pool, market, minutes);
  await seedLearning(pool, market);
}

async function seedMoney(pool: pg.Pool, market: Market, minutes: CandleRow[]): Promise<void> {
  const { venue, symbol, account } = market;
  await pool.query(`INSERT INTO instruments VALUES ($1, $2, 'EUR', 'USD', 0.0001, NULL)`, [
    venue,
    symbol,
  ]);
  await pool.query(
    `INSERT INTO accounts (account, currency, mode, opening_balance, balance)
      VALUES ($1, 'USD', 'paper', 10000, 10000)`,
    [account],
  );
  await pool.query(`UPDATE accounts SET description = $2 WHERE account = $1`, [
    account,
    'control group: trades what a test needs',
  ]);
  await pool.query(`INSERT INTO bots VALUES ($1, $1, 'on', 'direction', '{}', NULL)`, [account]);
  await pool.query(
    `INSERT INTO signal_refusals VALUES ($1, $1, $2, 'EUR/JPY', 'no_rate', 'no rate from JPY',
       $3, $4, 7981)`,
    [account, venue, formatUs(market.endUs - US_PER_HOUR), formatUs(market.endUs)],
  );
  const step = Math.floor((minutes.length - 60) / TRADES);
  for (let i = 0; i < TRADES; i++) {
    const entry = must(minutes[i * step]);
    const exit = i === TRADES - 1 ? null : must(minutes[i * step + Math.floor(step / 2)]);
    await seedTrade(pool, market, { number: i, entry, exit });
  }
  // As bookings leave it: the last trade is short and open, so what it brought is in the cash.
  await pool.query(
    `UPDATE accounts a SET balance = opening_balance + (
       SELECT sum(account_pnl + CASE WHEN state = 'closed' THEN 0
         ELSE CASE side WHEN 'buy' THEN -1 ELSE 1 END * size * entry_price END)
       FROM trades t WHERE t.account = a.account)
     WHERE account = $1`,
    [account],
  );
}

interface DrawnTrade {
  readonly number: number;
  readonly entry: CandleRow;
  readonly exit: CandleRow | null;
}

async function seedTrade(
  pool: pg.Pool,
  { venue, symbol, account }: Market,
  { number, entry, exit }: DrawnTrade,
): Promise<void> {
  const buy = number % 2 === 0;
  const id = `${account}-${number}`;
  const price = entry.close.toFixed(5);
  const [stop, target] = [entry.close - (buy ? 1e-3 : -1e-3), entry.close + (buy ? 1e-3 : -1e-3)];
  const at = formatUs(entry.decided_ts);
  await pool.query(
    `INSERT INTO signals VALUES ($1, 'p', 'f', 'baseline', $2, $2, 'direction', '1m', $3, $4, $5,
      $5, $5, $6, $7, $8, $9, 1, 1000, 0.56, $5::timestamptz + interval '5 minutes',
      'probability_up 0.56 above one half', '{"rsi_14": 61.2}', 'executed', NULL, $5, NULL, $1,
      '\\x00')`,
    [
      ...[id, account, venue, symbol, at, buy ? 'buy' : 'sell', price],
      ...[stop.toFixed(5), target.toFixed(5)],
    ],
  );
  const side = buy ? 1 : -1;
  const gross = exit === null ? 0 : side * (exit.close - entry.close) * 1000;
  const net = (gross - 0.02).toFixed(5);
  await pool.query(
    `INSERT INTO trades (trade_id, account, bot, venue, symbol, side, state, opened_at, closed_at,
      entry_price, exit_price, size, closed_size, entry_value, exit_value, currency, fees,
      gross_pnl, net_pnl, account_pnl, exit_reason, mode, signal_id, correlation_id)
      VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1000, $11, 0, 0, 'USD', 0.02, $12, $13,
      $13, $14, 'paper', $1, $1)`,
    [
      ...[id, account, venue, symbol, buy ? 'buy' : 'sell', exit === null ? 'open' : 'closed'],
      ...[at, exit === null ? null : formatUs(exit.decided_ts), price],
      ...[exit?.close.toFixed(5) ?? null, exit === null ? 0 : 1000, gross.toFixed(5), net],
      exit === null ? null : gross > 0 ? 'target' : 'stop',
    ],
  );
  await pool.query(
    `INSERT INTO fills VALUES ($1, $2, $3, $3, $3, $3, 'p', 'baseline', $2, $4, $5, 'entry', $6,
      'market', $7, 1000, 0.01, 'USD', 1, 'taker', 'paper', 'signal', true, '\\x00')`,
    [venue, account, id, symbol, at, buy ? 'buy' : 'sell', price],
  );
}

const REASONS = [
  { rule: 'replay_parity', passed: true, detail: 'a replay serves the same feature values' },
  { rule: 'minimum_rows', passed: true, detail: '1432 rows, at least 500 needed' },
  { rule: 'beats_champion_by_margin', passed: false, detail: 'log_loss 0.6937 against 0.6931' },
].map((reason, i) =>
  Object.assign(reason, { value: [1, 1432, -0.0006][i], threshold: [1, 500, 0.0014][i] }),
);

async function seedLearning(pool: pg.Pool, { venue, symbol, endUs }: Market): Promise<void> {
  const manifest = sampleManifest(SPEC, endUs - 5 * US_PER_DAY);
  const passed = REASONS.map((reason) => Object.assign({}, reason, { passed: true }));
  const models = [
    ['refused', 'rejected', { passed: false, reasons: REASONS }],
    ['better', 'champion', { passed: true, reasons: passed }],
  ] as const;
  const because = 'it passed the gate and waits: it is next';
  for (const [name, state, verdict] of models) {
    await pool.query(
      `INSERT INTO models VALUES ($1, $2, $3, $4, $5, 'ab', '\\x00', $8, '{}', $6,
        NULL, $7)`,
      [
        ...[`${venue}-${name}`, venue, symbol, SPEC, state, verdict],
        ...[formatUs(endUs - US_PER_HOUR), name === 'better' ? manifest : { trees: 40 }],
      ],
    );
  }
  await pool.query(`UPDATE models SET waits_because = $2 WHERE model_id = $1`, [
    `${venue}-refused`,
    because,
  ]);
  await pool.query(
    `INSERT INTO model_activations VALUES ($1, $2, $3, $4, 'champion', $1, $5, NULL)`,
    [`${venue}-better`, venue, symbol, SPEC, formatUs(endUs - US_PER_HOUR / 2)],
  );
  await pool.query(
    `INSERT INTO job_runs (job, subject, due_ts, state, attempts)
      VALUES ('labels', $1, $2, 'done', 1), ('training', $1, $2, 'refused', 1)`,
    [`${venue}:${symbol}`, formatUs(endUs)],
  );
  await pool.query(
    `INSERT INTO errors (error_key, severity, component, code, message)
      VALUES ($1, 'warning', 'sink', 'slow', 'QuestDB took 3 s for a batch')`,
    [`${venue}:slow`],
  );
}
