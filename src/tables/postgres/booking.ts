/**
 * Signals and fills -> the rows of money, in one transaction with the input's position.
 *
 * A record that is there already changes nothing; one with the same id and another content is kept
 * apart in `errors` and books nothing.
 */
import { createHash } from 'node:crypto';

import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../../adapters/postgres.ts';
import { floorTo, formatUs, US_PER_DAY } from '../../domain/time.ts';
import type { Fill, Signal, SignalEnd } from '../../domain/wire.ts';
import { canonicalJson } from '../../domain/control.ts';
import { entriesOfFill, profitOf } from '../../ledger/entries.ts';
import { currenciesOf } from '../../money/amounts.ts';
import { dailyLossHalt } from '../../money/daily-loss.ts';
import { Exact } from '../../domain/exact.ts';
import { recordError } from './errors.ts';
import { insert, sameOrReport } from './insert.ts';
import { appendControl } from './outbox.ts';

export interface BookRequest {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly nextOffset: number;
  readonly records: readonly (Signal | SignalEnd | Fill)[];
}

/** One booking at a time in a database; any number that nobody else locks. */
const BOOKING_LOCK = 7_414_106;

/** Books all of it and moves the position, or nothing. */
export function bookBatch(pool: Pool, request: BookRequest): Promise<'booked' | 'fenced'> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE checkpoints SET next_offset = $4, updated_at = now()
       WHERE stage = 'trades' AND topic = $1 AND partition = $2 AND epoch = $3`,
      [request.topic, request.partition, request.epoch, request.nextOffset],
    );
    if (rowCount === 0) return 'fenced';
    // A signal and its fill come on two topics: booked at the same time, neither would see the
    // other.
    await client.query('SELECT pg_advisory_xact_lock($1)', [BOOKING_LOCK]);
    for (const record of request.records) {
      if (record.kind === 'signal') await bookSignal(client, record);
      else if (record.kind === 'signal_end') await bookEnd(client, record);
      else await bookFill(client, record);
    }
    return 'booked';
  });
}

const sha256 = (record: object): Buffer =>
  createHash('sha256').update(canonicalJson(record)).digest();

async function bookSignal(client: PoolClient, signal: Signal): Promise<void> {
  const { kind, ts, decided_ts, known_at, expires_at, ...rest } = signal;
  const row = {
    ...rest,
    ts: formatUs(ts),
    decided_ts: formatUs(decided_ts),
    known_at: formatUs(known_at),
    expires_at: formatUs(expires_at),
    content_sha256: sha256(signal),
  };
  const key = { signal_id: signal.signal_id };
  if (!(await insert(client, 'signals', row)))
    await sameOrReport(client, 'signals', key, row, kind);
  await settleSignal(client, signal.signal_id);
}

async function bookEnd(client: PoolClient, end: SignalEnd): Promise<void> {
  const { kind, ts, ...rest } = end;
  const row = { ...rest, ts: formatUs(ts), content_sha256: sha256(end) };
  const key = { signal_id: end.signal_id };
  if (!(await insert(client, 'signal_ends', row))) {
    await sameOrReport(client, 'signal_ends', key, row, kind);
  }
  await settleSignal(client, end.signal_id);
}

async function bookFill(client: PoolClient, fill: Fill): Promise<void> {
  const { kind, ts, ...rest } = fill;
  const entry = fill.intent === 'entry' ? null : await entryOf(client, fill.trade_id);
  const booked = entry !== undefined;
  const row = { ...rest, ts: formatUs(ts), booked, content_sha256: sha256(fill) };
  const key = { venue: fill.venue, account: fill.account, fill_id: fill.fill_id };
  if (!(await insert(client, 'fills', row))) {
    await sameOrReport(client, 'fills', key, row, kind);
    return;
  }
  if (entry === undefined) {
    await reportOrphan(client, fill);
    return;
  }
  const currency = await currencyOf(client, fill.account);
  await bookInstrument(client, fill);
  await insert(client, 'orders', orderOf(fill));
  await bookLedger(client, fill, currency);
  if (entry === null) await openTrade(client, fill, currency);
  else await closeTrade(client, fill, entry);
  if (fill.signal_id !== null) await settleSignal(client, fill.signal_id);
}

const orderOf = (fill: Fill): Record<string, unknown> => ({
  order_id: fill.order_id,
  trade_id: fill.trade_id,
  signal_id: fill.signal_id,
  account: fill.account,
  bot: fill.bot,
  venue: fill.venue,
  symbol: fill.symbol,
  intent: fill.intent,
  side: fill.side,
  order_type: fill.order_type,
  mode: fill.mode,
  state: 'filled',
  filled_size: fill.size,
  average_price: fill.price,
  first_fill_at: formatUs(fill.ts),
  last_fill_at: formatUs(fill.ts),
});

async function currencyOf(client: PoolClient, account: string): Promise<string> {
  await client.query(
    `INSERT INTO accounts (account, currency, mode) VALUES ($1, 'USD', 'paper')
     ON CONFLICT DO NOTHING`,
    [account],
  );
  const { rows } = await client.query<{ currency: string }>(
    'SELECT currency FROM accounts WHERE account = $1 FOR UPDATE',
    [account],
  );
  return rows[0]?.currency ?? 'USD';
}

async function bookInstrument(client: PoolClient, { venue, symbol, ts }: Fill): Promise<void> {
  const { base, quote } = currenciesOf(symbol);
  await insert(client, 'instruments', { venue, symbol, base, quote, first_ts: formatUs(ts) });
}

async function bookLedger(client: PoolClient, fill: Fill, currency: string): Promise<void> {
  const lines = entriesOfFill(fill, currenciesOf(fill.symbol).base, currency);
  for (const [line, entry] of lines.entries()) {
    await insert(client, 'ledger_entries', {
      ...entry,
      transaction_id: `${fill.venue}:${fill.fill_id}`,
      line,
      account: fill.account,
      ts: formatUs(fill.ts),
      trade_id: fill.trade_id,
    });
  }
  const cash = lines
    .filter(({ ledger_account }) => ledger_account === 'cash')
    .reduce((sum, { amount }) => sum.plus(amount), new Exact(0));
  await client.query('UPDATE accounts SET balance = balance + $2 WHERE account = $1', [
    fill.account,
    cash.toFixed(),
  ]);
}

async function openTrade(client: PoolClient, fill: Fill, currency: string): Promise<void> {
  const value = new Exact(fill.price).times(fill.size).toFixed();
  await insert(client, 'trades', {
    trade_id: fill.trade_id,
    account: fill.account,
    bot: fill.bot,
    venue: fill.venue,
    symbol: fill.symbol,
    side: fill.side,
    state: 'open',
    opened_at: formatUs(fill.ts),
    entry_price: fill.price,
    size: fill.size,
    closed_size: '0',
    entry_value: value,
    exit_value: '0',
    currency: currenciesOf(fill.symbol).quote ?? currency,
    fees: fill.fee,
    gross_pnl: '0',
    net_pnl: new Exact(fill.fee).neg().toFixed(),
    account_pnl: new Exact(fill.fee).times(fill.fx_rate).neg().toFixed(),
    entry_logic: fill.reason,
    mode: fill.mode,
    ticket: fill.order_id,
    signal_id: fill.signal_id,
    prediction_id: fill.prediction_id,
    model_id: fill.model_id,
    correlation_id: fill.signal_id ?? fill.trade_id,
  });
}

interface EntryRow {
  readonly side: 'buy' | 'sell';
  readonly size: string;
  readonly price: string;
  readonly fee: string;
}

/** One account is one partition of `fills`, in order: the entry of ours is always there. */
async function entryOf(client: PoolClient, tradeId: string): Promise<EntryRow | undefined> {
  const { rows } = await client.query<EntryRow>(
    `SELECT side, size, price, fee FROM fills WHERE trade_id = $1 AND intent = 'entry'`,
    [tradeId],
  );
  return rows[0];
}

/** The record stays, without entries in the ledger: half a trade would be a break in the books. */
async function reportOrphan(client: PoolClient, fill: Fill): Promise<void> {
  const { venue, account, fill_id, trade_id } = fill;
  await recordError(client, {
    key: `orphan:fill:${venue}:${account}:${fill_id}`,
    severity: 'critical',
    component: 'trades',
    code: 'orphan',
    message: `fill ${fill_id} closes ${trade_id}, which was never opened: it is kept unbooked`,
    context: fill,
  });
}

async function closeTrade(client: PoolClient, fill: Fill, entry: EntryRow): Promise<void> {
  const { fees, gross, net } = profitOf(entry, fill);
  const accountPnl = new Exact(net).times(fill.fx_rate).toFixed();
  await client.query(
    `UPDATE trades SET state = 'closed', closed_at = $2, exit_price = $3, closed_size = size,
       exit_value = $4, fees = $5, gross_pnl = $6, net_pnl = $7, account_pnl = $8,
       exit_reason = $9, exit_logic = $9
     WHERE trade_id = $1`,
    [
      fill.trade_id,
      formatUs(fill.ts),
      fill.price,
      new Exact(fill.price).times(fill.size).toFixed(),
      fees,
      gross,
      net,
      accountPnl,
      fill.reason,
    ],
  );
  await haltOnDailyLoss(client, fill);
}

async function haltOnDailyLoss(client: PoolClient, { account, ts }: Fill): Promise<void> {
  const dayUs = floorTo(ts, US_PER_DAY);
  const { rows } = await client.query<{ pnl: string; daily_loss_limit: string | null }>(
    `SELECT coalesce(sum(t.account_pnl), 0) AS pnl, a.daily_loss_limit
     FROM accounts a LEFT JOIN trades t ON t.account = a.account AND t.state = 'closed'
       AND t.closed_at >= $2 AND t.closed_at < $3
     WHERE a.account = $1 GROUP BY a.daily_loss_limit`,
    [account, formatUs(dayUs), formatUs(dayUs + US_PER_DAY)],
  );
  const [row] = rows;
  if (row === undefined) return;
  const halt = dailyLossHalt(account, ts, row.pnl, row.daily_loss_limit);
  if (halt === null) return;
  const day = formatUs(dayUs).slice(0, 10);
  await appendControl(client, {
    controlId: `halt:${account}:${day}`,
    type: 'halt',
    subject: account,
    body: halt,
    cause: halt.reason,
  });
}

/** A signal's state from whatever is known of it, so that the order of arrival does not matter. */
async function settleSignal(client: PoolClient, signalId: string): Promise<void> {
  await client.query(
    `UPDATE signals s SET
       state = coalesce(e.state, CASE WHEN t.trade_id IS NULL THEN 'pending' ELSE 'executed' END),
       state_reason = e.reason,
       state_ts = coalesce(e.ts, t.opened_at),
       trade_id = t.trade_id,
       result = CASE WHEN t.state = 'closed' THEN
         CASE sign(t.net_pnl) WHEN 1 THEN 'win' WHEN -1 THEN 'loss' ELSE 'breakeven' END END
     FROM (SELECT $1::text AS id) k
     LEFT JOIN signal_ends e ON e.signal_id = k.id
     LEFT JOIN trades t ON t.signal_id = k.id
     WHERE s.signal_id = k.id`,
    [signalId],
  );
  await client.query(
    `UPDATE trades t SET stop_loss = s.stop_loss, take_profit = s.take_profit,
       strategy = s.strategy, timeframe = s.timeframe, confidence = s.confidence
     FROM signals s WHERE s.signal_id = $1 AND t.signal_id = $1 AND t.strategy IS NULL`,
    [signalId],
  );
}
