/**
 * A fill -> its order, trade and lines in the ledger
 *
 * An exit that comes before its entry is kept unbooked: half a trade would be a break in the books.
 * It is booked with its entry, once that comes.
 */
import type { Side } from '../../domain/records/fields.ts';
import type { PoolClient } from 'pg';
import { must } from '../../assert.ts';
import { floorTo, formatUs, US_PER_DAY } from '../../domain/time.ts';
import type { Fill } from '../../domain/wire.ts';
import { fillEntries, roundTripProfit } from '../../money/entries.ts';
import { parsePair } from '../../money/amounts.ts';
import { bookable, type Known } from '../../money/bookable.ts';
import { dailyLossHalt } from '../../money/daily-loss.ts';
import { Exact } from '../../domain/exact.ts';
import { pickColumns, contentHash } from './booking-rows.ts';
import { recordError } from './errors.ts';
import { insert, sameOrReport } from './insert.ts';
import { appendControl } from './outbox.ts';

interface Unbookable {
  readonly reason: 'unbookable' | 'contradiction';
  readonly detail: string;
}

/** Null: it is booked, waits for its entry, or was there before. */
export async function bookFill(client: PoolClient, fill: Fill): Promise<Unbookable | null> {
  const { venue, account, fill_id } = fill;
  const row = { ...pickColumns('fills', fill), ts: formatUs(fill.ts) };
  const content = { content_sha256: contentHash(fill) };
  const { rows: there } = await client.query<{ booked: boolean }>(
    'SELECT booked FROM fills WHERE venue = $1 AND account = $2 AND fill_id = $3',
    [venue, account, fill_id],
  );
  if (there[0] !== undefined) {
    const key = { venue, account, fill_id };
    if (!(await sameOrReport(client, 'fills', key, { ...row, ...content }, fill.kind))) {
      const detail = `a fill of the id ${fill_id} is there with another content`;
      return { reason: 'contradiction', detail };
    }
    // An earlier version let it wait for ever.
    if (!there[0].booked) await bookWaiting(client, fill);
    return null;
  }
  const known = await readKnown(client, fill);
  const detail = bookable(fill, known);
  if (detail !== null) return { reason: 'unbookable', detail };
  const waits = fill.intent === 'exit' && known.entry === null;
  await insert(client, 'fills', { ...row, ...content, booked: !waits });
  if (waits) await reportOrphan(client, fill);
  else await bookEffects(client, fill, known);
  if (fill.intent === 'entry') await bookWaiting(client, fill);
  return null;
}

async function bookEffects(client: PoolClient, fill: Fill, { entry }: KnownFill): Promise<void> {
  const currency = await readCurrency(client, fill.account);
  await bookInstrument(client, fill);
  await insert(client, 'orders', toOrder(fill));
  await bookLedger(client, fill, currency);
  if (entry === null) await openTrade(client, fill, currency);
  else await closeTrade(client, fill, entry);
  if (fill.signal_id !== null) await settleSignal(client, fill.signal_id);
}

/** Exits that came before their entry; one that does not fit it stays unbooked, and is reported. */
async function bookWaiting(client: PoolClient, { trade_id }: Fill): Promise<void> {
  const { rows } = await client.query<Omit<Fill, 'kind'> & { booked: boolean }>(
    `SELECT * FROM fills WHERE trade_id = $1 AND intent = 'exit' AND NOT booked
     ORDER BY ts, account, venue, fill_id`,
    [trade_id],
  );
  for (const row of rows) {
    const exit: Fill = { ...row, kind: 'fill' };
    const known = await readKnown(client, exit);
    if (known.entry === null) return;
    const detail = bookable(exit, known);
    if (detail !== null) {
      await reportUnbookable(client, exit, detail);
      continue;
    }
    const { venue, account, fill_id } = exit;
    await client.query(
      'UPDATE fills SET booked = true WHERE venue = $1 AND account = $2 AND fill_id = $3',
      [venue, account, fill_id],
    );
    await client.query(
      `UPDATE errors SET state = 'resolved', resolved_at = now(), note = 'its entry came'
       WHERE error_key = $1`,
      [orphanKey(exit)],
    );
    await bookEffects(client, exit, known);
  }
}

interface EntryRow {
  readonly side: Side;
  readonly size: string;
  readonly price: string;
  readonly fee: string;
}

interface KnownFill extends Known {
  readonly entry: EntryRow | null;
}

interface KnownRow {
  readonly currency: string;
  readonly is_in_ledger: boolean;
  readonly order_account: string | null;
  readonly signal_trade: string | null;
  readonly signal_account: string | null;
  readonly signal_venue: string;
  readonly signal_symbol: string;
  readonly trade_account: string | null;
  readonly trade_venue: string;
  readonly trade_symbol: string;
  readonly trade_state: 'open' | 'closed';
  readonly trade_side: Side;
  readonly trade_mode: string;
  readonly trade_size: string;
  readonly trade_ts: number;
  readonly trade_fx_rate: string | null;
  readonly entry_price: string;
  readonly fee: string | null;
}

/** An account that nobody has opened is kept in dollars. */
const KNOWN = `
  SELECT coalesce(a.currency, 'USD') AS currency,
    EXISTS (SELECT FROM ledger_entries l WHERE l.transaction_id = $2) AS is_in_ledger,
    (SELECT o.account FROM orders o WHERE o.order_id = $3) AS order_account,
    (SELECT t.trade_id FROM trades t WHERE t.signal_id = $5 AND t.trade_id <> $4
     ORDER BY t.trade_id LIMIT 1) AS signal_trade,
    s.account AS signal_account, s.venue AS signal_venue, s.symbol AS signal_symbol,
    t.account AS trade_account, t.venue AS trade_venue, t.symbol AS trade_symbol,
    t.state AS trade_state, t.side AS trade_side, t.mode AS trade_mode, t.size AS trade_size,
    t.opened_at AS trade_ts, t.entry_price, e.fx_rate AS trade_fx_rate, e.fee
  FROM (VALUES ($1::text)) AS wanted (account)
  LEFT JOIN accounts a ON a.account = wanted.account
  LEFT JOIN signals s ON s.signal_id = $5
  LEFT JOIN trades t ON t.trade_id = $4
  LEFT JOIN LATERAL (
    SELECT f.fx_rate, f.fee FROM fills f
    WHERE f.trade_id = t.trade_id AND f.account = t.account AND f.intent = 'entry' AND f.booked
    ORDER BY f.ts, f.fill_id LIMIT 1) e ON true`;

async function readKnown(client: PoolClient, fill: Fill): Promise<KnownFill> {
  const { account, order_id, trade_id, signal_id } = fill;
  const values = [account, transactionId(fill), order_id, trade_id, signal_id];
  const { rows } = await client.query<KnownRow>(KNOWN, values);
  const row = must(rows[0]);
  const side = row.trade_side;
  const trade =
    row.trade_account === null
      ? null
      : {
          account: row.trade_account,
          venue: row.trade_venue,
          symbol: row.trade_symbol,
          state: row.trade_state,
          side,
          mode: row.trade_mode,
          size: row.trade_size,
          fx_rate: row.trade_fx_rate ?? '1',
          ts: row.trade_ts,
        };
  const { entry_price: price, fee } = row;
  return {
    currency: row.currency,
    isInLedger: row.is_in_ledger,
    orderAccount: row.order_account,
    trade,
    signal:
      row.signal_account === null
        ? null
        : { account: row.signal_account, venue: row.signal_venue, symbol: row.signal_symbol },
    signalTrade: fill.intent === 'entry' ? row.signal_trade : null,
    entry: trade === null ? null : { side, size: trade.size, price, fee: fee ?? '0' },
  };
}

const transactionId = ({ venue, fill_id }: Fill): string => `${venue}:${fill_id}`;

const toOrder = (fill: Fill): Record<string, unknown> => ({
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

async function readCurrency(client: PoolClient, account: string): Promise<string> {
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
  const { base, quote } = parsePair(symbol);
  await insert(client, 'instruments', { venue, symbol, base, quote, first_ts: formatUs(ts) });
}

async function bookLedger(client: PoolClient, fill: Fill, currency: string): Promise<void> {
  const lines = fillEntries(fill, parsePair(fill.symbol).base, currency);
  for (const [line, entry] of lines.entries()) {
    await insert(client, 'ledger_entries', {
      ...entry,
      transaction_id: transactionId(fill),
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
    currency: parsePair(fill.symbol).quote ?? currency,
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

const orphanKey = ({ venue, account, fill_id }: Fill): string =>
  `orphan:fill:${venue}:${account}:${fill_id}`;

async function reportOrphan(client: PoolClient, fill: Fill): Promise<void> {
  const { fill_id, trade_id } = fill;
  await recordError(client, {
    key: orphanKey(fill),
    severity: 'critical',
    component: 'trades',
    code: 'orphan',
    message:
      `fill ${fill_id} closes ${trade_id}, which was never opened: it is kept unbooked, and is ` +
      'booked once its entry comes',
    context: pickColumns('fills', fill),
  });
}

async function reportUnbookable(client: PoolClient, fill: Fill, detail: string): Promise<void> {
  const { venue, account, fill_id } = fill;
  await recordError(client, {
    key: `unbookable:fill:${venue}:${account}:${fill_id}`,
    severity: 'critical',
    component: 'trades',
    code: 'unbookable',
    message: `fill ${fill_id} came before its entry and stays unbooked: ${detail}`,
    context: pickColumns('fills', fill),
  });
}

async function closeTrade(client: PoolClient, fill: Fill, entry: EntryRow): Promise<void> {
  const { fees, gross, net } = roundTripProfit(entry, fill);
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
export async function settleSignal(client: PoolClient, signalId: string): Promise<void> {
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
