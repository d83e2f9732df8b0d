/**
 * Decisions of an instrument -> their label rows by whatever spec, with the table they go to.
 *
 * A barrier label needs how far the market moved when it was decided: the feature as it was served.
 */
import { labelBarriers, BARRIERS } from './barriers.ts';
import { labelDecisions, type LabelRequest } from './labels.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { formatUs } from '../../src/domain/time.ts';
import {
  barrierLabels,
  labels,
  type BarrierLabelRow,
  type LabelRow,
} from '../../src/questdb/tables/labels.ts';
import type { QuestTable, SqlReader } from '../../src/questdb/table.ts';

interface RowsRequest extends Omit<LabelRequest, 'decisions'> {
  /** Oldest first by `decided_ts`. */
  readonly decisions: readonly { readonly ts: number; readonly decided_ts: number }[];
}

export async function labelRows(
  reader: SqlReader,
  { decisions: stored, ...rest }: RowsRequest,
): Promise<readonly (LabelRow | BarrierLabelRow)[]> {
  const decisions = stored.map(({ ts, decided_ts }) => ({ ts, decidedTs: decided_ts }));
  const request = { ...rest, decisions };
  if (!isBarrier(request.labelSpec)) return labelDecisions(request);
  return labelBarriers({ ...request, atrs: await servedAtrs(reader, request) });
}

/** The table with the columns that rows of this spec have. */
export const labelsTable = (labelSpec: string): QuestTable<LabelRow> =>
  isBarrier(labelSpec) ? { ...labels, columns: barrierLabels.columns } : labels;

export const isBarrier = (labelSpec: string): boolean =>
  parseLabelSpec(labelSpec).target === 'barrier';

async function servedAtrs(
  reader: SqlReader,
  { venue, symbol, decisions }: LabelRequest,
): Promise<(number | null)[]> {
  const [first, last] = [decisions[0], decisions.at(-1)];
  if (first === undefined || last === undefined) return [];
  const times = decisions.map(({ ts }) => ts);
  await reader.waitApplied(['features']);
  const rows = await reader.query<{ ts: number; atr: number | null }>(
    `SELECT ts, ${BARRIERS.atr} AS atr FROM features
     WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts <= $4 AND revision = 0`,
    [venue, symbol, formatUs(Math.min(...times)), formatUs(Math.max(...times))],
  );
  const atrs = new Map(rows.map(({ ts, atr }) => [ts, atr]));
  return decisions.map(({ ts }) => atrs.get(ts) ?? null);
}
