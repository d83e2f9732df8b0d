/**
 * Plain rows -> a danfojs frame, and figures of its groups, for small tables. The library takes a
 * second to load and a hundred megabytes: it is loaded by the first call, by nobody else.
 */
import type { DataFrame } from 'danfojs-node';

export type FrameCell = string | number | boolean | null;
export type FrameRow = Readonly<Record<string, FrameCell>>;

const danfojs = async () => import('danfojs-node').then((m) => m.default ?? m);

/** A frame of plain rows; null becomes NaN, which danfojs takes for missing. */
export async function toDataFrame(rows: readonly FrameRow[]): Promise<DataFrame> {
  const { DataFrame: Frame } = await danfojs();
  return new Frame(
    rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, cell ?? NaN])),
    ),
  );
}

export type Figure = 'count' | 'sum' | 'mean' | 'std' | 'min' | 'median' | 'max';

/** By column and figure, such as `{ price_max: 3 }`. */
export type Figures = Readonly<Record<string, number>>;

/**
 * Figures of the columns by the row's key, in the order in which keys first come. Every cell is a
 * number: danfojs would not leave out a missing one.
 */
export async function figuresBy<Row>(
  rows: readonly Row[],
  getKey: (row: Row) => string,
  getCells: (row: Row) => Readonly<Record<string, number>>,
  wanted: Record<string, Figure[]>,
): Promise<Map<string, Figures>> {
  // danfojs makes object properties of keys: only a plain word is safe, a name from outside is not.
  const words = new Map<string, string>();
  const groupWord = (key: string): string => {
    if (!words.has(key)) words.set(key, `group ${words.size}`);
    return words.get(key) ?? '';
  };
  const cells = rows.map((row) => ({ ...getCells(row), key: groupWord(getKey(row)) }));
  if (cells.length === 0) return new Map();
  const frame = await toDataFrame(cells);
  const figures = frame.groupby(['key']).agg(wanted);
  const names = figures.columns;
  const found = new Map(
    (figures.values as (string | number)[][]).map((line) => [
      line[names.indexOf('key')],
      Object.fromEntries(names.map((name, i) => [name, Number(line[i])])),
    ]),
  );
  return new Map([...words].map(([key, word]) => [key, found.get(word) ?? {}]));
}

/** As danfojs describes them; null where there is nothing to compute it from. */
export async function numbersDescribed(
  numbers: readonly number[],
): Promise<Record<'mean' | 'std' | 'min' | 'median' | 'max', number | null>> {
  if (numbers.length === 0) return { mean: null, std: null, min: null, median: null, max: null };
  const { Series } = await danfojs();
  const described = new Series([...numbers]).describe();
  const of = (name: string): number => Number(described.values[described.index.indexOf(name)]);
  const std = numbers.length === 1 ? null : of('std');
  return { mean: of('mean'), std, min: of('min'), median: of('median'), max: of('max') };
}
