/** Rows -> lines for a terminal: each column has a head and says what it shows of a row. */
export type Columns<Row> = readonly (readonly [string, (row: Row) => string])[];

export const show = (value: number | null, digits: number): string => value?.toFixed(digits) ?? '-';

/** A head and a line a row, each column as wide as its widest cell. */
export function columns<Row>(of: Columns<Row>, rows: readonly Row[]): string {
  const cells = [of.map(([head]) => head), ...rows.map((row) => of.map(([, cell]) => cell(row)))];
  const widths = of.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  const lineOf = (line: readonly string[]): string =>
    line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ');
  return cells.map((line) => lineOf(line).trimEnd()).join('\n');
}
