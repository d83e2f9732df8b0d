/** A QuestDB that holds less than was written to it is told, once, until somebody resolves it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { must } from '../../src/assert.ts';
import { loadConfig } from '../../src/config/config.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import { LOOKS } from '../../src/app/watch.ts';
import { readSetting, writeSetting } from '../../src/postgres/tables/settings.ts';
import { findLost, readTransactions } from '../../src/questdb/tables/transactions.ts';

const SETTING = 'questdb_transactions';

let context: Context;
beforeAll(() => {
  context = openContext(loadConfig(), 'test');
});
afterAll(() => context.close());

const look = () => must(LOOKS['what QuestDB holds'])(context);
const reported = async () =>
  (
    await context.postgres.query<{ table: string; occurrences: number }>(
      `SELECT context->>'table' AS table, occurrences FROM errors
       WHERE code = 'taken_back' AND state = 'open' ORDER BY 1`,
    )
  ).rows;

test('a table with fewer transactions than it had is an open error, told once', async () => {
  const has = await readTransactions(context.questdbReader());
  await writeSetting(context.postgres, SETTING, has);
  await look();
  expect(await reported()).toEqual([]);

  const had = { ...has, ticks: must(has['ticks']) + 5, labels: must(has['labels']) + 1 };
  await writeSetting(context.postgres, SETTING, had);
  await look();
  await look();
  expect(await reported()).toEqual([
    { table: 'labels', occurrences: 1 },
    { table: 'ticks', occurrences: 1 },
  ]);
  // What is there now is what is held against from now on.
  const noted = (await readSetting(context.postgres, SETTING)) as typeof has;
  expect(findLost(had, noted).map(({ table }) => table)).toEqual(
    expect.arrayContaining(['labels', 'ticks']),
  );
});

test('a table that is not there any more has lost all', () => {
  expect(findLost({ ticks: 3, quotes: 4 }, { ticks: 3, quotes: 0 })).toEqual([
    { table: 'quotes', had: 4, has: 0 },
  ]);
  expect(findLost({}, { ticks: 0 })).toEqual([]);
});
