/**
 * Labels in their newest revision -> what there is to train on: how many samples, how balanced, how
 * fast they grow, why others are none, and the last of them.
 */
import { must } from '../../assert.ts';
import { US_PER_DAY, formatUs } from '../../domain/time.ts';
import type { Instrument, SqlReader } from '../table.ts';
import type { LabelRow } from './labels.ts';

export interface TrainingDataRequest {
  /** Whatever is left out is not limited. */
  readonly venue?: string | undefined;
  readonly symbol?: string | undefined;
  readonly labelSpec?: string | undefined;
  /** Half-open, of the decisions. */
  readonly fromUs?: number | undefined;
  readonly toUs?: number | undefined;
}

export interface TrainingDay {
  /** UTC, of the decisions. */
  readonly day: string;
  readonly samples: number;
  readonly ups: number;
}

export interface TrainingData extends Instrument {
  readonly label_spec: string;
  /** Decisions with a matured outcome. */
  readonly samples: number;
  readonly ups: number;
  /** The classes' balance: a half is even. Null of no sample. */
  readonly up_share: number | null;
  /** Samples of the seven UTC days up to that of the last one, and of the seven before. */
  readonly newest_week: number;
  readonly week_before: number;
  /** Graded decisions that are no samples, by reason. */
  readonly void: Readonly<Record<string, number>>;
  readonly first_ts: number | null;
  readonly last_ts: number | null;
  readonly last_up: number | null;
  readonly last_forward_return: number | null;
  /** The newest thirty days that have samples, oldest first. */
  readonly days: readonly TrainingDay[];
}

const DAYS = 30;
const WEEK_DAYS = 7;

/** Labels of one day, state and reason. */
export interface Counted
  extends Instrument, Pick<LabelRow, 'label_spec' | 'state' | 'void_reason'> {
  readonly day: number;
  readonly rows: number;
  readonly ups: number | null;
  readonly first_ts: number;
  readonly last_ts: number;
}

/** By instrument and label spec, in their order. */
export async function trainingData(
  reader: SqlReader,
  { venue, symbol, labelSpec, fromUs, toUs }: TrainingDataRequest,
): Promise<TrainingData[]> {
  const wanted = {
    'venue =': venue,
    'symbol =': symbol,
    'label_spec =': labelSpec,
    'ts >=': fromUs === undefined ? undefined : formatUs(fromUs),
    'ts <': toUs === undefined ? undefined : formatUs(toUs),
  };
  const given = Object.entries(wanted).filter(
    (each): each is [string, string] => each[1] !== undefined,
  );
  const where = given.map(([condition], i) => `${condition} $${i + 1}`).join(' AND ');
  const rows = await reader.query<Counted>(
    `SELECT venue, symbol, label_spec, state, void_reason, timestamp_floor('d', ts) AS day,
       count() AS rows, sum(up) AS ups, min(ts) AS first_ts, max(ts) AS last_ts
     FROM labels_latest ${where === '' ? '' : `WHERE ${where}`}
     GROUP BY venue, symbol, label_spec, state, void_reason, day
     ORDER BY venue, symbol, label_spec, day`,
    given.map(([, value]) => value),
  );
  const groups = new Map<string, Counted[]>();
  for (const row of rows) {
    const key = `${row.venue}:${row.symbol}:${row.label_spec}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return Promise.all(
    [...groups.values()].map(async (group) => summary(group, await lastSample(reader, group))),
  );
}

interface Sample {
  readonly up: number;
  readonly forward_return: number;
}

/** `rows` of one instrument and label spec by `day`; `last` is the newest matured of them. */
export function summary(rows: readonly Counted[], last: Sample | null): TrainingData {
  const { venue, symbol, label_spec } = must(rows[0], 'labels to summarise');
  const matured = rows.filter(isMatured);
  const lastTs = matured.at(-1)?.last_ts ?? null;
  const samples = sumRows(matured);
  const ups = matured.reduce((sum, row) => sum + (row.ups ?? 0), 0);
  const since = (days: number): number => (lastTs ?? 0) - days * US_PER_DAY;
  const newer = matured.filter(({ day }) => day > since(WEEK_DAYS));
  const before = matured.filter(({ day }) => day > since(2 * WEEK_DAYS) && day <= since(WEEK_DAYS));
  const reasons: Record<string, number> = {};
  for (const row of rows) {
    if (isMatured(row)) continue;
    const reason = row.void_reason ?? 'unknown';
    reasons[reason] = (reasons[reason] ?? 0) + row.rows;
  }
  return {
    venue,
    symbol,
    label_spec,
    samples,
    ups,
    up_share: samples === 0 ? null : ups / samples,
    newest_week: sumRows(newer),
    week_before: sumRows(before),
    void: reasons,
    first_ts: matured[0]?.first_ts ?? null,
    last_ts: lastTs,
    last_up: last?.up ?? null,
    last_forward_return: last?.forward_return ?? null,
    days: matured.slice(-DAYS).map((row) => ({
      day: formatUs(row.day).slice(0, 10),
      samples: row.rows,
      ups: row.ups ?? 0,
    })),
  };
}

const isMatured = ({ state }: Counted): boolean => state === 'matured';

const sumRows = (rows: readonly Counted[]): number => rows.reduce((sum, row) => sum + row.rows, 0);

async function lastSample(reader: SqlReader, rows: readonly Counted[]): Promise<Sample | null> {
  const newest = rows.findLast(isMatured);
  if (newest === undefined) return null;
  const { venue, symbol, label_spec, last_ts } = newest;
  const [sample] = await reader.query<Sample>(
    `SELECT up, forward_return FROM labels_latest
     WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND state = 'matured' AND ts = $4`,
    [venue, symbol, label_spec, formatUs(last_ts)],
  );
  return sample ?? null;
}
