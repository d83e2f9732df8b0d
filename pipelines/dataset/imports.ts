/**
 * imported rows -> which of them a set may have, and why a set of the past has found nothing
 *
 * An import claims to have been known in the past, so `as_of` alone would let it into sets that
 * were made before it came. A set therefore has only what came by a moment before it was made,
 * `imported_by`: the manifest pins it, and what is imported later never changes the set. Without
 * an import there is no such moment, and the set is the same bytes as ever.
 */
import { must } from '../../src/assert.ts';
import { monotonicMs, sleep } from '../../src/clock.ts';
import { formatUs, parseUs } from '../../src/domain/time.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import type { Context } from '../../src/runtime/context.ts';
import { installationTime } from '../../src/runtime/installation-time.ts';
import type { Instrument, SqlReader } from '../../src/questdb/table.ts';
import { featureSetTable, type DatasetDefinition, type DatasetManifest } from './definition.ts';

type Reads = Pick<DatasetDefinition, 'feature_sets' | 'label_spec' | 'instruments' | 'from' | 'to'>;

/** The log has a clock every ten seconds. */
const CLOCK_MS = 15_000;

/**
 * Up to when an import has come for certain, microseconds: what comes from now on comes behind it.
 * To be read before a set's as-of barrier, so that all that it lets in is settled. 0: there is no
 * clock.
 */
export const importsSettledBy = async (
  context: Pick<Context, 'postgres' | 'topicName'>,
): Promise<number> => Math.max(0, ((await installationTime(context)) ?? 0) - 1);

/** The same, but waits a little for the log's clock where an import came just now. */
export async function importsSettledSoon(context: Context, of: Reads): Promise<number> {
  const newest = (await newestImport(context.questdbReader(), of, null)) ?? 0;
  const deadline = monotonicMs() + CLOCK_MS;
  for (;;) {
    const byUs = await importsSettledBy(context);
    if (byUs >= newest || byUs === 0 || monotonicMs() > deadline) return byUs;
    await sleep(200);
  }
}

/**
 * When the newest row came that was imported and that a set with this definition could have, at or
 * before `byUs` (null: ever). Null: none was.
 */
export async function newestImport(
  reader: SqlReader,
  { feature_sets, label_spec, instruments, from, to }: Reads,
  byUs: number | null,
): Promise<number | null> {
  const tables = [
    ...feature_sets.map(({ feature_set }) => featureSetTable(feature_set)),
    ...(label_spec === null ? [] : ['labels', 'predictions']),
  ];
  let newest: number | null = null;
  for (const key of instruments) {
    const { venue, symbol } = must(parseInstrumentKey(key), `"${key}" is venue:symbol`);
    for (const table of new Set(tables)) {
      const wanted = [
        from === null ? null : (['ts >=', from] as const),
        to === null ? null : (['ts <', to] as const),
        byUs === null ? null : (['imported_at <=', formatUs(byUs)] as const),
      ].flatMap((each) => (each === null ? [] : [each]));
      const where = wanted.map(([condition], i) => ` AND ${condition} $${i + 3}`).join('');
      const [row] = await reader.query<{ came: number | null }>(
        `SELECT max(imported_at) AS came FROM ${table} WHERE venue = $1 AND symbol = $2${where}`,
        [venue, symbol, ...wanted.map(([, value]) => value)],
      );
      if (row?.came != null) newest = Math.max(newest ?? 0, row.came);
    }
  }
  return newest;
}

/** SQL: which rows a set has of imports; `imported_by` is one of ours, or a manifest's. */
export const importsSql = (importedBy: string | undefined): string =>
  importedBy === undefined
    ? 'imported_at IS NULL'
    : `(imported_at IS NULL OR imported_at <= '${formatUs(parseUs(importedBy))}')`;

/** A share of rows without a feature from which on it is worth a look why. */
const MANY = 0.2;

/**
 * Why a set has found nothing, or much less than is stored, in the words of who made it; null: it
 * has what there is, or there is nothing.
 */
export async function whyMissing(
  reader: SqlReader,
  manifest: DatasetManifest,
): Promise<string | null> {
  const {
    as_of,
    rows_in: rowsIn,
    rows,
    instruments,
    feature_sets,
    incomplete,
    excluded,
  } = manifest;
  const lacking = (incomplete['no_feature'] ?? 0) + (excluded['no_feature'] ?? 0);
  const isShort = rowsIn === 0 || rows === 0 || lacking > MANY * rowsIn;
  const [set] = feature_sets;
  if (!isShort || set === undefined) return null;
  const found: string[] = [];
  for (const key of instruments) {
    const { venue, symbol } = must(parseInstrumentKey(key), `"${key}" is venue:symbol`);
    const later = await knownLater(reader, manifest, set.feature_set, { venue, symbol });
    if (later === null) continue;
    const { n, first, last, since } = later;
    found.push(
      `${n} feature rows of ${key} from ${formatUs(first)} to ${formatUs(last)} are known only ` +
        `since ${formatUs(since)}`,
    );
  }
  if (found.length === 0) return null;
  return (
    `${found.join('; ')}: behind as_of ${as_of}. History is known since it was fed. To bring a ` +
    'recording with the time that it claims, feed it with "tickloom feed file … --known-at ts" ' +
    '(or a column of its own times)'
  );
}

interface KnownLater {
  readonly n: number;
  readonly first: number;
  readonly last: number;
  readonly since: number;
}

/** Rows of the range, up to `as_of` by event time, that were known only behind it. */
async function knownLater(
  reader: SqlReader,
  { from, to, as_of }: DatasetManifest,
  featureSet: string,
  { venue, symbol }: Instrument,
): Promise<KnownLater | null> {
  const start = from ?? formatUs(0);
  const end = to === null || to > as_of ? as_of : to;
  const [row] = await reader.query<KnownLater>(
    `SELECT count() AS n, min(ts) AS first, max(ts) AS last, min(known_at) AS since
     FROM ${featureSetTable(featureSet)} WHERE venue = $1 AND symbol = $2 AND feature_set = $3
       AND ts >= $4 AND ts < $5 AND known_at > $6`,
    [venue, symbol, featureSet, start, end, as_of],
  );
  return row === undefined || row.n === 0 ? null : row;
}
