import { expect, test } from 'vitest';
import { parseUs } from '../../src/domain/time.ts';
import { labelsByGroup, labelsByMonth } from '../../src/summaries/label-tables.ts';

const day = (date: string, symbol: string, samples: number, ups: number, returns: number) => ({
  ...{ venue: 'v', symbol, samples, ups, returns },
  day: parseUs(`${date}T00:00:00Z`),
});
const DAYS = [
  day('2026-10-31', 'A/B', 10, 4, -0.01),
  day('2026-11-01', 'A/B', 30, 20, 0.09),
  day('2026-11-02', 'C/D', 5, 5, 0.005),
];

test('a market or a month is a line: samples weigh, not days', async () => {
  expect(await labelsByGroup('symbol', DAYS)).toEqual([
    {
      ...{ group: 'v:A/B', days: 2, samples: 40, up_share: 0.6 },
      mean_return: expect.closeTo(0.002, 15),
      ...{ worst_day: -0.001, best_day: 0.003 },
    },
    expect.objectContaining({ group: 'v:C/D', days: 1, up_share: 1, worst_day: 0.001 }),
  ]);
  const months = await labelsByGroup('month', DAYS);
  expect(months.map(({ group, samples }) => [group, samples])).toEqual([
    ['2026-10', 10],
    ['2026-11', 35],
  ]);
});

test('months are columns; one in which nothing was graded is empty', async () => {
  expect(await labelsByMonth(DAYS)).toEqual({
    months: ['2026-10', '2026-11'],
    lines: [
      { group: 'v:A/B', samples: [10, 30], up_shares: [0.4, 2 / 3] },
      { group: 'v:C/D', samples: [0, 5], up_shares: [null, 1] },
    ],
  });
  expect(await labelsByMonth([])).toEqual({ months: [], lines: [] });
});
