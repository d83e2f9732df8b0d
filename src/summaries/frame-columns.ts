/** A danfojs frame -> what its columns of numbers are like, a line each. */
import type { DataFrame } from 'danfojs-node';
import { numbersDescribed } from './frame.ts';

/** Null where no value determines it. */
export interface ColumnLine {
  readonly column: string;
  readonly count: number;
  readonly missing: number;
  readonly mean: number | null;
  /** With n - 1; null of one value. */
  readonly std: number | null;
  readonly min: number | null;
  readonly median: number | null;
  readonly max: number | null;
}

/** In the order of the columns; one that holds text is left out. */
export async function describeFrame(frame: DataFrame): Promise<ColumnLine[]> {
  const lines: ColumnLine[] = [];
  for (const column of frame.columns) {
    const cells = frame.column(column).values as (number | string | boolean)[];
    if (!cells.every((cell) => typeof cell === 'number')) continue;
    const known = cells.filter((cell) => !Number.isNaN(cell));
    const missing = cells.length - known.length;
    lines.push({ column, count: known.length, missing, ...(await numbersDescribed(known)) });
  }
  return lines;
}
