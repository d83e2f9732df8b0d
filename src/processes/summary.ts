/** What the first replay came to, for the terminal: counts, verdicts, and what to try next. */
import { withoutLogin } from '../credentials.ts';
import type { Context } from './context.ts';

export async function summary(context: Context, page: string, seconds: number): Promise<string> {
  const reader = context.questdbReader();
  const rowsOf = async (table: string): Promise<number> =>
    (await reader.query<{ n: number }>(`SELECT count() AS n FROM ${table}`))[0]?.n ?? 0;
  const ticks = (await rowsOf('ticks')) + (await rowsOf('quotes'));
  const [predictions, labels] = [await rowsOf('predictions'), await rowsOf('labels')];
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
  const { rows: trades } = await context.postgres.query<{ closed: number; net: string | null }>(
    `SELECT count(*) AS closed, round(sum(net_pnl), 2) AS net FROM trades WHERE state = 'closed'`,
  );
  const verdicts = models.map(({ venue, symbol, trained, champion }) => {
    const live = champion === null ? 'the baseline stays champion' : `champion: ${champion}`;
    return `  ${venue}:${symbol}: ${trained} models trained; ${live}`;
  });
  return [
    '',
    `the loop has closed after ${seconds} s: ${ticks} ticks, ` +
      `${predictions} predictions, ${labels} labels, ` +
      `${trades[0]?.closed ?? 0} closed trades (net ${trades[0]?.net ?? 0} USD, on paper)`,
    ...verdicts,
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
