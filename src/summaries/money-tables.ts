/**
 * amounts of closed trades -> small tables: what each group earned, and what it earned month by
 * month. A group is one of an account: amounts of two accounts are never added.
 *
 * danfojs counts in doubles, and money is exact. So each amount goes in as limbs, whole numbers of
 * ten digits whose sums a double holds, and each sum is put together from theirs: it is what
 * PostgreSQL's `sum` says, to the last digit. Extremes and median are exact too; the deviation
 * alone is that of doubles.
 */
import { must } from '../assert.ts';
import { Exact } from '../domain/exact.ts';
import { formatUs } from '../domain/time.ts';
import { grouped } from '../grouped.ts';
import { figuresBy, type Figure, type Figures } from './frame.ts';
import type { Closed } from './trade-performance.ts';

export interface MoneyRow {
  readonly account: string;
  readonly currency: string;
  /** Within the account: an instrument, a bot, `all`. */
  readonly group: string;
  /** `2026-11` */
  readonly month: string;
  /** A decimal text. */
  readonly amount: string;
}

type Group = Pick<MoneyRow, 'account' | 'currency' | 'group'>;

/** Decimal texts of the account's currency; `mean` and `std` are rounded, the others exact. */
export interface MoneyLine extends Group {
  readonly trades: number;
  readonly sum: string;
  readonly mean: string;
  /** With n - 1; null of one trade. */
  readonly std: string | null;
  readonly min: string;
  readonly median: string;
  readonly max: string;
}

export interface MonthLine extends Group {
  /** Of each month of the table; null: no trade closed. */
  readonly sums: readonly (string | null)[];
  readonly total: string;
}

export interface MonthTable {
  readonly months: readonly string[];
  readonly lines: readonly MonthLine[];
}

/** More are no small table, and sums of limbs would leave what a double holds. */
export const MONEY_ROWS_MAX = 100_000;

/** `2026-11`, in UTC. */
export const closeMonth = ({ closed_at: at }: Closed): string => formatUs(at).slice(0, 7);

export const moneyRow = (trade: Closed, group: string): MoneyRow => ({
  account: trade.account,
  currency: trade.currency,
  group,
  month: closeMonth(trade),
  amount: trade.pnl,
});

/** A line a group, in the order of accounts and groups. */
export async function moneyByGroup(rows: readonly MoneyRow[]): Promise<MoneyLine[]> {
  const found = await summed(rows, ({ account, currency, group }) => [account, currency, group]);
  return found.map(
    ({ key: [account = '', currency = '', group = ''], sum, ascending, figures }) => ({
      account,
      currency,
      group,
      trades: figures['amount_count'] ?? 0,
      sum: sum.toFixed(),
      mean: rounded(sum.div(figures['amount_count'] ?? 1)),
      std: figures['amount_count'] === 1 ? null : rounded(figures['amount_std']),
      min: must(ascending[0]).toFixed(),
      median: median(ascending).toFixed(),
      max: must(ascending.at(-1)).toFixed(),
    }),
  );
}

/** A line a group, a column each month in which any trade closed. */
export async function moneyByMonth(rows: readonly MoneyRow[]): Promise<MonthTable> {
  const found = await summed(rows, ({ account, currency, group, month }) => [
    account,
    currency,
    group,
    month,
  ]);
  const months = [...new Set(rows.map(({ month }) => month))].toSorted();
  const lines = new Map<string, Group & { sums: (string | null)[]; total: Exact }>();
  for (const { key, sum } of found) {
    const [account = '', currency = '', group = '', month = ''] = key;
    const name = JSON.stringify([account, currency, group]);
    const line = lines.get(name) ?? {
      account,
      currency,
      group,
      sums: months.map(() => null),
      total: new Exact(0),
    };
    line.sums[months.indexOf(month)] = sum.toFixed();
    lines.set(name, { ...line, total: line.total.plus(sum) });
  }
  const texts = [...lines.values()].map((line) => ({ ...line, total: line.total.toFixed() }));
  return { months, lines: texts };
}

interface Summed {
  readonly key: readonly string[];
  readonly sum: Exact;
  /** The amounts themselves, at least one. */
  readonly ascending: readonly Exact[];
  readonly figures: Figures;
}

const LIMB_DIGITS = 10;
const LIMB = new Exact(10).pow(LIMB_DIGITS);

/** Sums and figures of the amounts by a key of several words, in the order of these. */
async function summed(
  rows: readonly MoneyRow[],
  getKey: (row: MoneyRow) => readonly string[],
): Promise<Summed[]> {
  if (rows.length > MONEY_ROWS_MAX) {
    throw new Error(`${rows.length} trades are too many for a table (${MONEY_ROWS_MAX})`);
  }
  const amounts = rows.map((row) => ({
    name: JSON.stringify(getKey(row)),
    amount: new Exact(row.amount),
  }));
  const limbs = splitLimbs(amounts.map(({ amount }) => amount));
  const names = limbs.places.map((_, i) => `limb${i}`);
  const figures = await figuresBy(
    amounts,
    ({ name }) => name,
    ({ amount }) => ({
      amount: amount.toNumber(),
      ...Object.fromEntries(limbs.of(amount).map((limb, i) => [`limb${i}`, limb])),
    }),
    {
      amount: ['count', 'std'],
      ...Object.fromEntries(names.map((name): [string, Figure[]] => [name, ['sum']])),
    },
  );
  const groups = grouped(amounts, ({ name }) => name);
  return [...figures]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, of]) => {
      const own = must(groups.get(key), 'the group of a row').map(({ amount }) => amount);
      return {
        key: JSON.parse(key) as string[],
        sum: limbs.sum(names.map((name) => of[`${name}_sum`] ?? Number.NaN)),
        ascending: own.toSorted((a, b) => a.cmp(b)),
        figures: of,
      };
    });
}

/** Amounts as whole numbers of ten digits each, with their sign, from the highest place down. */
function splitLimbs(amounts: readonly Exact[]) {
  // The exponent is one less than the digits before the point; that of an amount below 1 is negative.
  const whole = amounts.reduce((most, { e }) => Math.max(most, e + 1), 1);
  const behind = amounts.reduce((most, amount) => Math.max(most, amount.dp()), 0);
  const [above, below] = [whole, behind].map((digits) => Math.ceil(digits / LIMB_DIGITS));
  const places = Array.from({ length: must(above) + must(below) }, (_, i) =>
    LIMB.pow(must(above) - 1 - i),
  );
  const of = (amount: Exact): number[] => {
    let rest = amount;
    return places.map((place) => {
      const limb = rest.div(place).trunc();
      rest = rest.minus(limb.times(place));
      return limb.toNumber();
    });
  };
  const sum = (limbs: readonly number[]): Exact =>
    places.reduce((all, place, i) => all.plus(place.times(must(limbs[i]))), new Exact(0));
  return { places, of, sum };
}

function median(ascending: readonly Exact[]): Exact {
  const middle = (ascending.length - 1) / 2;
  const [low, high] = [Math.floor(middle), Math.ceil(middle)].map((at) => must(ascending[at]));
  return must(low).plus(must(high)).div(2);
}

/** Of a double and of a quotient: as many decimals as a coin of any currency has. */
const rounded = (value: Exact | number | undefined): string =>
  new Exact(value ?? Number.NaN).toDecimalPlaces(8).toFixed();
