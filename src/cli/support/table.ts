/** Rows -> lines for a terminal: each column has a head and says what it shows of a row. */
export type Columns<Row> = readonly (readonly [string, (row: Row) => string])[];

export const show = (value: number | null, digits: number): string => value?.toFixed(digits) ?? '-';

/** A head and a line a row, each column as wide as its widest cell. */
export function columns<Row>(of: Columns<Row>, rows: readonly Row[]): string {
  const cells = [of.map(([head]) => head), ...rows.map((row) => of.map(([, cell]) => cell(row)))];
  const widths = of.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  const formatLine = (line: readonly string[]): string =>
    line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ');
  return cells.map((line) => formatLine(line).trimEnd()).join('\n');
}

/** What a terminal has at least. */
const WIDTH = 80;
const NAME_WIDTH = 34;

/**
 * The same for names and figures: the first column says whose they are, the others are figures and
 * stand to the right. What is wider than 80 columns goes on below, each piece with the names.
 */
export function figureTable<Row>(of: Columns<Row>, rows: readonly Row[]): string {
  const [names, ...figures] = of.map(([head, cell]) => [head, ...rows.map(cell)]);
  const short = (names ?? []).map(shortened);
  const nameWidth = columnWidth(short);
  const pieces: string[][][] = [];
  let left = 0;
  for (const column of figures) {
    const width = 2 + columnWidth(column);
    if (pieces.length === 0 || width > left) {
      pieces.push([]);
      left = WIDTH - nameWidth;
    }
    pieces.at(-1)?.push(column);
    left -= width;
  }
  const formatLine = (piece: readonly string[][], i: number): string =>
    [
      (short[i] ?? '').padEnd(nameWidth),
      ...piece.map((column) => (column[i] ?? '').padStart(columnWidth(column))),
    ].join('  ');
  return pieces
    .map((piece) => short.map((_, i) => formatLine(piece, i).trimEnd()).join('\n'))
    .join('\n\n');
}

const columnWidth = (column: readonly string[]): number =>
  column.reduce((most, { length }) => Math.max(most, length), 0);

/** A long name without its middle: its beginning and its end distinguish it. */
function shortened(name: string): string {
  if (name.length <= NAME_WIDTH) return name;
  const half = Math.floor((NAME_WIDTH - 1) / 2);
  return `${name.slice(0, half)}…${name.slice(-half)}`;
}
