/**
 * What a new installation begins with: a paper account, the paper bot and its settings as a control
 * record, and the feature set's definition. Repeating it changes nothing.
 */
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import type { BotControl } from '../domain/control.ts';
import { FEATURE_SET, FEATURE_SET_DEFINITION } from '../features/definition.ts';
import { US_PER_S } from '../domain/time.ts';
import { appendControl } from '../tables/postgres/outbox.ts';

const OPENING_BALANCE = '10000';
const DAILY_LOSS_LIMIT = '200';

export function paperBot(
  config: Pick<Config, 'labelSpec' | 'horizonUs' | 'orderLatencyUs'>,
): BotControl {
  return {
    bot: 'paper',
    account: 'paper',
    status: 'on',
    strategy: 'direction',
    label_spec: config.labelSpec,
    instruments: ['*'],
    timeframe: '1m',
    min_confidence: 0.55,
    stop_atr: 3,
    target_atr: 3,
    max_holding_s: config.horizonUs / US_PER_S,
    expiry_s: 300,
    latency_us: config.orderLatencyUs,
    fee_bps: 1,
    slippage_bps: 0.5,
    account_currency: 'USD',
  };
}

export async function seedInstallation(pool: Pool, config: Config): Promise<void> {
  const bot = paperBot(config);
  await pool.query(
    `INSERT INTO feature_sets (feature_set, name, definition) VALUES ($1, 'default', $2)
     ON CONFLICT DO NOTHING`,
    [FEATURE_SET, FEATURE_SET_DEFINITION],
  );
  await openAccount(pool, bot);
  await pool.query(
    `INSERT INTO bots (bot, account, status, strategy, config) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING`,
    [bot.bot, bot.account, bot.status, bot.strategy, bot],
  );
  await appendControl(pool, {
    controlId: `bot:${bot.bot}:seed`,
    type: 'bot',
    subject: bot.bot,
    body: bot,
    cause: 'a new installation begins with one paper bot',
  });
}

/** The opening balance is a transaction like any other: capital in, cash out. */
async function openAccount(pool: Pool, { account, account_currency }: BotControl): Promise<void> {
  await pool.query(
    `WITH opened AS (
       INSERT INTO accounts (account, currency, mode, opening_balance, balance, daily_loss_limit)
       VALUES ($1, $2, 'paper', $3, $3, $4) ON CONFLICT DO NOTHING RETURNING account)
     INSERT INTO ledger_entries
       (transaction_id, line, account, ledger_account, currency, amount, ts, description)
     SELECT 'opening:' || account, line, account, ledger, $2, sign * $3::numeric, 'epoch',
       'opening balance'
     FROM opened, (VALUES (0, 'cash', 1), (1, 'capital', -1)) AS lines (line, ledger, sign)`,
    [account, account_currency, OPENING_BALANCE, DAILY_LOSS_LIMIT],
  );
}
