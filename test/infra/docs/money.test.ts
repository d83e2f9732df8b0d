/** The example of `docs/money.md` is what is booked. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_DIR } from '../../../src/code-files.ts';
import { fillEntries, roundTripProfit } from '../../../src/money/entries.ts';
import { paperBot } from '../../../src/app/seed.ts';

const page = readFileSync(join(PROJECT_DIR, 'docs', 'money.md'), 'utf8');
const common = { size: '1000', fx_rate: '1', symbol: 'EUR/USD' };
const entry = { ...common, side: 'buy' as const, price: '1.39', fee: '0.139' };
const exit = { ...common, side: 'sell' as const, price: '1.391', fee: '0.1391' };

test('each line of the ledger is in the table', () => {
  const [opened, closed] = [entry, exit].map((fill) => fillEntries(fill, 'EUR', 'USD'));
  const rows = opened!.map(({ ledger_account: account, currency, amount }, i) => {
    const name = account === 'cash' && i > 3 ? '`cash` (the fee)' : `\`${account}\``;
    return `| ${name} | ${currency} | ${amount} | ${closed![i]!.amount} |`;
  });
  expect(rows).toHaveLength(6);
  for (const row of rows) expect(page).toContain(row);
});

test('its profit is what is said', () => {
  expect(roundTripProfit(entry, exit)).toEqual({ fees: '0.2781', gross: '1', net: '0.7219' });
  expect(page).toContain('Gross 1 USD, fees 0.139 + 0.1391 USD, net 0.7219 USD');
});

test('what a bot begins with is what is said', () => {
  const bot = paperBot({ labelSpec: 'direction_1h@1', horizonUs: 3600e6, orderLatencyUs: 250e3 });
  expect(bot).toMatchObject({ stop_atr: 3, target_atr: 3, expiry_s: 300, min_confidence: 0.55 });
  expect(bot).toMatchObject({ fee_bps: 1, slippage_bps: 0.5, replay_behind_s: 30 * 86_400 });
});
