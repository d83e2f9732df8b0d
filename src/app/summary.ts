/** What the first replay came to, for the terminal: counts, verdicts, and what to try next. */
import { withoutLogin } from '../config/credentials.ts';
import type { Context } from '../runtime/context.ts';

export async function summary(context: Context, page: string, seconds: number): Promise<string> {
  const reader = context.questdbReader();
  const countRows = async (table: string): Promise<number> =>
    (await reader.query<{ n: number }>(`SELECT count() AS n FROM ${table}`))[0]?.n ?? 0;
  const ticks = (await countRows('ticks')) + (await countRows('quotes'));
  const [predictions, labels] = [await countRows('predictions'), await countRows('labels')];
  const { rows: models } = await context.postgres.query<{
    venue: string;
    symbol: string;
    trained: number;
    champion: string | null;
  }>(
    `SELECT venue, symbol, count(*) AS trained,
       max(model_id) FILTER (WHERE state = 'champion') AS champion
     FROM models GROUP BY venue, symbol ORDER BY venue, symbol`,
  );
  const { rows: trades } = await context.postgres.query<{
    account: string;
    description: string;
    currency: string;
    closed: number;
    net: string;
  }>(
    `SELECT a.account, a.description, a.currency, count(t.*) AS closed,
       round(coalesce(sum(t.account_pnl), 0), 2) AS net
     FROM accounts a LEFT JOIN trades t ON t.account = a.account AND t.state = 'closed'
     GROUP BY a.account ORDER BY a.account`,
  );
  const verdicts = models.map(({ venue, symbol, trained, champion }) => {
    const live = champion === null ? 'the baseline stays champion' : `champion: ${champion}`;
    return `  ${venue}:${symbol}: ${trained} models trained; ${live}`;
  });
  const booked = trades.map(
    ({ account, description, currency, closed, net }) =>
      `  account ${account}: ${closed} closed trades, net ${net} ${currency}; ${description}`,
  );
  return [
    '',
    `the loop has closed after ${seconds} s: ${ticks} ticks, ` +
      `${predictions} predictions, ${labels} labels`,
    ...verdicts,
    'traded on paper:',
    ...booked,
    '',
    `the page:  ${page}`,
    'try next:',
    '  npx tickloom flow                      what runs, and how far behind it is',
    '  npx tickloom feed synthetic --symbols NEW/USD --seed 7 --from 2026-01-01 --to 2026-01-03',
    `  open ${withoutLogin(context.config.questdbUrl)} and ask: SELECT * FROM predictions LIMIT -10`,
    '  npx tickloom connect                   user and password for it, and for the other servers',
    '',
  ].join('\n');
}
