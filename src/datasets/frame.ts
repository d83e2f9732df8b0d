/**
 * Rows as a danfojs frame, for small sets (up to some 20 000 rows): summaries, tables, CSV. The
 * library is loaded when it is first asked for, so that nobody else carries its weight.
 */
import type { DataFrame } from 'danfojs-node';

type Cell = string | number | boolean | null;

/** A frame of plain rows; null becomes NaN, which danfojs takes for missing. */
export async function toDataFrame(
  rows: readonly Readonly<Record<string, Cell>>[],
): Promise<DataFrame> {
  const { DataFrame: Frame } = await import('danfojs-node').then((m) => m.default ?? m);
  return new Frame(
    rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, cell ?? NaN])),
    ),
  );
}
