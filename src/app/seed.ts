/**
 * What a new installation begins with: two paper bots, their accounts and their settings as control
 * records, and the feature set's definition. Repeating it changes nothing.
 *
 * The bot `paper` acts on champions that passed the gate; `control` trades the baseline, as a
 * control group. Both have one account for live markets and one for replays of the past, so that
 * no account's time goes back.
 */
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../postgres/postgres.ts';
import type { Config } from '../config/config.ts';
import { canonicalJson, type BotControl } from '../domain/control.ts';
import { parseLabelSpec } from '../domain/label-spec.ts';
import { FEATURE_SET, FEATURE_SET_DEFINITION } from '../features/definition.ts';
import { US_PER_S } from '../domain/time.ts';
import { appendControl } from '../postgres/tables/outbox.ts';

const OPENING_BALANCE = '10000';
const DAILY_LOSS_LIMIT = '200';
/** A market that lies further behind the log's clock is a replay of the past. */
const REPLAY_BEHIND_S = 30 * 86_400;

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  paper: 'acts on champions that passed the gate, on live markets',
  replay: 'acts on champions that passed the gate, on replays of the past',
  'control-group': 'control group: trades the baseline, on live markets',
  'control-group-replay': 'control group: trades the baseline, on replays of the past',
};
const OLD_DESCRIPTION =
  `${DESCRIPTIONS['paper']}; its trades from before there was a control group are also of the ` +
  'baseline and of replays';

type BotSettings = Pick<Config, 'labelSpec' | 'horizonUs' | 'orderLatencyUs'>;

/** The bot of versions that had one: it traded whatever decided, all in one account. */
const onlyBot = (config: BotSettings): BotControl => ({
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
});

export const paperBot = (config: BotSettings): BotControl => championsOnly(onlyBot(config));

/** The same in every respect but who decides, and where it is booked. */
export const controlBot = (config: BotSettings): BotControl => toControlGroup(paperBot(config));

const championsOnly = (bot: BotControl): BotControl => ({
  ...bot,
  acts_on: 'champions',
  replay_account: 'replay',
  replay_behind_s: REPLAY_BEHIND_S,
});

const toControlGroup = (bot: BotControl): BotControl => ({
  ...bot,
  bot: 'control',
  account: 'control-group',
  replay_account: 'control-group-replay',
  acts_on: 'baseline',
});

/**
 * Writes what is missing. An installation of an older version gets the two bots only where its one
 * bot still has the settings that it was made with; what was booked stays as it is. Answers with
 * what a person should know of that, in sentences.
 */
export async function seedInstallation(pool: Pool, config: Config): Promise<readonly string[]> {
  await pool.query(
    `INSERT INTO feature_sets (feature_set, name, definition) VALUES ($1, 'default', $2)
     ON CONFLICT DO NOTHING`,
    [FEATURE_SET, FEATURE_SET_DEFINITION],
  );
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ config: BotControl }>(
      `SELECT config FROM bots WHERE bot = 'paper' FOR UPDATE`,
    );
    const [found] = rows;
    if (found === undefined) {
      await addBot(client, paperBot(config));
      await addBot(client, controlBot(config));
      return [];
    }
    if (found.config.acts_on !== undefined) return [];
    return (await isUntouched(client, found.config))
      ? divide(client, found.config)
      : [
          'the bot "paper" has settings of your own and keeps them: it trades the baseline too, ' +
            'and live markets and replays in one account; there is no control group beside it',
        ];
  });
}

async function addBot(client: PoolClient, bot: BotControl): Promise<void> {
  await openAccounts(client, bot);
  await client.query(
    `INSERT INTO bots (bot, account, status, strategy, config) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING`,
    [bot.bot, bot.account, bot.status, bot.strategy, bot],
  );
  await appendControl(client, {
    controlId: `bot:${bot.bot}:seed`,
    type: 'bot',
    subject: bot.bot,
    body: bot,
    cause: 'a new installation begins with a bot for champions and a control group',
  });
}

/** Nobody has changed the settings: neither here nor by a record that the log holds. */
async function isUntouched(client: PoolClient, found: BotControl): Promise<boolean> {
  const { rows } = await client.query<{ control_id: string; body: BotControl }>(
    `SELECT control_id, body FROM (
       SELECT version, control_id, body FROM control_outbox
       WHERE type = 'bot' AND subject = 'paper'
       UNION ALL SELECT version, control_id, body FROM control_versions
       WHERE type = 'bot' AND subject = 'paper') sent
     ORDER BY version DESC LIMIT 1`,
  );
  const [newest] = rows;
  if (newest?.control_id !== 'bot:paper:seed') return false;
  // What the settings of the installation were when it was made may be different today.
  const { label_spec: labelSpec, latency_us: orderLatencyUs } = found;
  const { horizonUs } = parseLabelSpec(labelSpec);
  const made = canonicalJson(onlyBot({ labelSpec, horizonUs, orderLatencyUs }));
  return canonicalJson(found) === made && canonicalJson(newest.body) === made;
}

/** One bot that traded everything -> one for champions, and its control group. */
async function divide(client: PoolClient, found: BotControl): Promise<readonly string[]> {
  const bot = championsOnly(found);
  await openAccounts(client, bot);
  await client.query(`UPDATE accounts SET description = $1 WHERE account = 'paper'`, [
    OLD_DESCRIPTION,
  ]);
  await client.query(`UPDATE bots SET config = $1 WHERE bot = 'paper'`, [bot]);
  await appendControl(client, {
    controlId: 'bot:paper:champions',
    type: 'bot',
    subject: bot.bot,
    body: bot,
    cause: 'the default bot acts on champions that passed the gate',
  });
  await addBot(client, toControlGroup(bot));
  return [
    'the bot "paper" now acts only on champions that passed the gate; the baseline is traded by ' +
      'the bot "control" in the account "control-group", and replays have accounts of their own',
  ];
}

async function openAccounts(client: PoolClient, bot: BotControl): Promise<void> {
  for (const account of [bot.account, bot.replay_account]) {
    if (account !== undefined) await openAccount(client, account, bot.account_currency);
  }
}

/** The opening balance is a transaction like any other: capital in, cash out. */
async function openAccount(client: PoolClient, account: string, currency: string): Promise<void> {
  await client.query(
    `WITH opened AS (
       INSERT INTO accounts
         (account, currency, mode, opening_balance, balance, daily_loss_limit, description)
       VALUES ($1, $2, 'paper', $3, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING account)
     INSERT INTO ledger_entries
       (transaction_id, line, account, ledger_account, currency, amount, ts, description)
     SELECT 'opening:' || account, line, account, ledger, $2, sign * $3::numeric, 'epoch',
       'opening balance'
     FROM opened, (VALUES (0, 'cash', 1), (1, 'capital', -1)) AS lines (line, ledger, sign)`,
    [account, currency, OPENING_BALANCE, DAILY_LOSS_LIMIT, DESCRIPTIONS[account] ?? ''],
  );
}
