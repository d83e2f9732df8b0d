/**
 * A model's bins (PostgreSQL) and the features that were served of its instrument (QuestDB) -> how
 * far each has moved from its training set. Read a day at a time.
 */
import type pg from 'pg';
import { formatUs, US_PER_DAY } from '../domain/time.ts';
import type { ModelManifest } from '../learning/artefact.ts';
import { manifestBins, DriftTally, type FeatureDrift } from '../learning/drift.ts';
import type { Instrument, SqlReader } from '../questdb/table.ts';

export interface ModelDrift extends Instrument {
  readonly model_id: string;
  /** Rows with `ts` behind the first and up to the second; null: nothing was ever served. */
  readonly fromUs: number | null;
  readonly toUs: number | null;
  readonly rows: number;
  /** Why there are no features below; null: there are. */
  readonly reason: string | null;
  readonly features: readonly (FeatureDrift & { readonly gain_share: number })[];
}

interface ModelRow extends Instrument {
  readonly manifest: ModelManifest;
}

/**
 * Of the rows served in the `windowUs` up to `untilUs` (left out: the newest row), as they were
 * served. Null: there is no such model.
 */
export async function modelDrift(
  reader: SqlReader,
  pool: pg.Pool,
  modelId: string,
  { windowUs, untilUs }: { readonly windowUs: number; readonly untilUs?: number | undefined },
): Promise<ModelDrift | null> {
  const { rows } = await pool.query<ModelRow>(
    'SELECT venue, symbol, manifest FROM models WHERE model_id = $1',
    [modelId],
  );
  const [model] = rows;
  if (model === undefined) return null;
  const { venue, symbol, manifest } = model;
  const nothing = { model_id: modelId, venue, symbol, rows: 0, features: [] };
  const bins = manifestBins(manifest);
  if (bins === null) {
    const reason = 'the model has no bins of its training set: it is older, or was made elsewhere';
    return { ...nothing, fromUs: null, toUs: null, reason };
  }
  const of = { venue, symbol, featureSet: manifest.feature_set };
  const toUs = untilUs ?? (await newestServed(reader, of));
  if (toUs === null) {
    const reason = `no row of feature set ${manifest.feature_set} was ever served`;
    return { ...nothing, fromUs: null, toUs: null, reason };
  }
  const range = { fromUs: toUs - windowUs, toUs };
  const tally = await servedTally(reader, of, new DriftTally(bins), range);
  const gains = gainShares(manifest);
  const features = tally
    .drift()
    .map((each) => ({ ...each, gain_share: gains.get(each.name) ?? 0 }));
  return { ...nothing, ...range, rows: tally.rows, reason: null, features };
}

interface Served extends Instrument {
  readonly featureSet: string;
}

/** When the newest row was decided. */
async function newestServed(
  reader: SqlReader,
  { venue, symbol, featureSet }: Served,
): Promise<number | null> {
  const [row] = await reader.query<{ decided_ts: number | null }>(
    `SELECT max(decided_ts) AS decided_ts FROM features
     WHERE venue = $1 AND symbol = $2 AND feature_set = $3 AND revision = 0`,
    [venue, symbol, featureSet],
  );
  return row?.decided_ts ?? null;
}

/** What was decided behind `toUs` was not known by then, though its candle had ended. */
async function servedTally(
  reader: SqlReader,
  { venue, symbol, featureSet }: Served,
  tally: DriftTally,
  { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number },
): Promise<DriftTally> {
  for (let at = fromUs; at < toUs; at += US_PER_DAY) {
    const end = Math.min(toUs, at + US_PER_DAY);
    tally.add(
      await reader.query<Record<string, unknown>>(
        `SELECT * FROM features
         WHERE venue = $1 AND symbol = $2 AND feature_set = $3 AND revision = 0
           AND ts > $4 AND ts <= $5 AND decided_ts <= $6`,
        [venue, symbol, featureSet, formatUs(at), formatUs(end), formatUs(toUs)],
      ),
    );
  }
  return tally;
}

const gainShares = ({ importance }: ModelManifest): ReadonlyMap<string, number> =>
  new Map(importance.map(({ feature, gain_share }) => [feature, gain_share]));
