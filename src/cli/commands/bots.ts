/** `tickloom bots list`, `tickloom accounts list`: who trades on whose word, and with what. */
import type { Command } from 'commander';
import type { BotControl } from '../../domain/control.ts';
import { formatUs } from '../../domain/time.ts';
import { refusals, type RefusalGroup } from '../../postgres/tables/refusals.ts';
import { outputFor, withContext } from '../support/context.ts';
import { columns, type Columns } from '../support/table.ts';

interface BotRow {
  readonly bot: string;
  readonly account: string;
  readonly status: string;
  readonly config: BotControl;
}

interface AccountRow {
  readonly account: string;
  readonly currency: string;
  readonly mode: string;
  readonly balance: string;
  readonly description: string;
}

export function botCommands(program: Command): void {
  program
    .command('bots')
    .description('list the bots')
    .command('list')
    .description('list bots, whose predictions they use, and what they may not trade')
    .action((_flags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const { rows } = await postgres.query<BotRow>(
          'SELECT bot, account, status, config FROM bots ORDER BY bot',
        );
        const refused = await refusals(postgres);
        const bots = rows.map((row) => ({
          ...row,
          refused: refused.filter(({ bot }) => bot === row.bot),
        }));
        const text = [columns(BOTS, rows), ...refused.map(refusedText)].join('\n');
        outputFor(command).show(bots, rows.length === 0 ? 'none' : text);
      }),
    );
}

export function accountCommands(program: Command): void {
  program
    .command('accounts')
    .description('list the accounts')
    .command('list')
    .description('list accounts with their cash and purpose')
    .action((_flags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const { rows } = await postgres.query<AccountRow>(
          `SELECT account, currency, mode, balance, description FROM accounts ORDER BY account`,
        );
        outputFor(command).show(rows, rows.length === 0 ? 'none' : columns(ACCOUNTS, rows));
      }),
    );
}

const WHOSE = {
  champions: 'champions that passed the gate',
  baseline: 'the baseline: a control group',
} as const;

const BOTS: Columns<BotRow> = [
  ['bot', ({ bot }) => bot],
  ['status', ({ status }) => status],
  [
    'acts on',
    ({ config: { acts_on } }) => (acts_on === undefined ? 'whatever decides' : WHOSE[acts_on]),
  ],
  ['account', ({ account }) => account],
  ['of replays', ({ account, config }) => config.replay_account ?? account],
];

const ACCOUNTS: Columns<AccountRow> = [
  ['account', ({ account }) => account],
  ['mode', ({ mode }) => mode],
  ['cash', ({ balance, currency }) => `${balance} ${currency}`],
  ['what for', ({ description }) => description || '-'],
];

const refusedText = ({ bot, instrument, reason, first_ts, decisions }: RefusalGroup): string =>
  `${bot} does not trade ${instrument}: ${reason} ` +
  `(${decisions} decisions since ${formatUs(first_ts).slice(0, 16)}Z)`;
