/** Small tables of money: danfojs counts in doubles, and no digit of a sum may be lost. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Exact } from '../../src/domain/exact.ts';
import { moneyByGroup, moneyByMonth, type MoneyRow } from '../../src/summaries/money-tables.ts';

const row = (amount: string, of: Partial<MoneyRow> = {}): MoneyRow => ({
  ...{ account: 'a', currency: 'USD', group: 'all', month: '2026-11' },
  ...of,
  amount,
});
const sumAmounts = async (...amounts: string[]): Promise<string | undefined> =>
  (await moneyByGroup(amounts.map((amount) => row(amount))))[0]?.sum;

describe('sums of money', () => {
  test.each([
    [['0.1', '0.2'], '0.3'],
    [['1000000000.10', '0.20', '-1000000000.00'], '0.3'],
    [['-0.1', '-0.2', '0.3'], '0'],
    [['9999999999.99', '0.01'], '10000000000'],
    [['0.00000000000000000001', '1000000000'], '1000000000.00000000000000000001'],
    [['-1.005', '0.005'], '-1'],
  ])('%j is %s', async (amounts, sum) => {
    expect(await sumAmounts(...amounts)).toBe(sum);
  });

  test('fifty thousand cents at 1e9 are exact, where doubles are not', async () => {
    const rows = Array.from({ length: 50_000 }, (_, i) => row(`${1e9 + i}.${(i % 90) + 10}`));
    const exact = rows.reduce((sum, { amount }) => sum.plus(amount), new Exact(0)).toFixed();
    expect(String(rows.reduce((sum, { amount }) => sum + Number(amount), 0))).not.toBe(exact);
    expect((await moneyByGroup(rows))[0]?.sum).toBe(exact);
  });

  test('any amounts, any groups: each sum is that of decimals', async () => {
    const amount = fc
      .tuple(fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }), fc.nat(25))
      .map(([units, digits]) =>
        new Exact(String(units)).div(new Exact(10).pow(digits + 8)).toFixed(),
      );
    const one = fc.record({ amount, group: fc.string(), account: fc.string() });
    const all = fc.array(one, { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(all, async (drawn) => {
        const lines = await moneyByGroup(drawn.map(({ amount: of, ...rest }) => row(of, rest)));
        for (const { account, group, sum, trades } of lines) {
          const own = drawn.filter((each) => each.account === account && each.group === group);
          expect(trades).toBe(own.length);
          const exact = own.reduce((of, each) => of.plus(each.amount), new Exact(0));
          expect(sum).toBe(exact.toFixed());
        }
        expect(lines.reduce((n, { trades }) => n + trades, 0)).toBe(drawn.length);
      }),
      { numRuns: 50 },
    );
  });

  test('what a double cannot hold is added, and is the least and the largest as it stands', async () => {
    expect(await sumAmounts('9007199254740993', '1')).toBe('9007199254740994');
    expect(await sumAmounts('99999999999999999999.5', '-99999999999999999999.4')).toBe('0.1');
    const [line] = await moneyByGroup([row('123456789012.12345678901'), row('-1e19'), row('-0')]);
    const extremes = { min: '-10000000000000000000', max: '123456789012.12345678901' };
    expect(line).toMatchObject({ ...extremes, median: '0' });
    const even = await moneyByGroup(
      ['99999999999999999999.9', '1', '0.1', '-1'].map((a) => row(a)),
    );
    expect(even[0]?.median).toBe('0.55');
  });
});

test('a line has the figures of its group, in the order of accounts and groups', async () => {
  const rows = [
    row('3', { group: 'b' }),
    row('-1.50', { group: 'a' }),
    row('2', { group: 'a' }),
    row('4', { group: 'a' }),
    row('7', { account: '0', currency: 'EUR' }),
  ];
  expect(await moneyByGroup(rows)).toEqual([
    {
      ...{ account: '0', currency: 'EUR', group: 'all', trades: 1, sum: '7', mean: '7' },
      ...{ std: null, min: '7', median: '7', max: '7' },
    },
    {
      ...{ account: 'a', currency: 'USD', group: 'a', trades: 3, sum: '4.5', mean: '1.5' },
      // statistics.stdev([-1.5, 2, 4])
      ...{ std: '2.78388218', min: '-1.5', median: '2', max: '4' },
    },
    expect.objectContaining({ group: 'b', trades: 1, sum: '3' }),
  ]);
});

test('months are columns; one without a trade of the group is empty', async () => {
  const rows = [
    row('1.10', { month: '2026-12' }),
    row('2.20', { month: '2026-12' }),
    row('5', { month: '2026-10', group: 'other' }),
    row('-0.01', { month: '2027-01' }),
  ];
  expect(await moneyByMonth(rows)).toEqual({
    months: ['2026-10', '2026-12', '2027-01'],
    lines: [
      {
        ...{ account: 'a', currency: 'USD', group: 'all' },
        ...{ sums: [null, '3.3', '-0.01'], total: '3.29' },
      },
      {
        ...{ account: 'a', currency: 'USD', group: 'other' },
        ...{ sums: ['5', null, null], total: '5' },
      },
    ],
  });
  expect(await moneyByMonth([])).toEqual({ months: [], lines: [] });
});
