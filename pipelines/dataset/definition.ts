/**
 * What decides a training set: which rows, which features, which outcomes, and as known when
 *
 * All of it stands in the manifest, so the set can be made again from that alone.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { canonicalJson } from '../../src/domain/control.ts';
import { formatUs } from '../../src/domain/time.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';

/** A feature set and those of its columns that the set carries. */
export interface FeatureSetUse {
  /** `name@hash`. */
  readonly feature_set: string;
  readonly features: readonly string[];
}

export interface DatasetDefinition {
  /** In decisions, those of the first are the rows; the others are joined as of them. */
  readonly feature_sets: readonly FeatureSetUse[];
  /** Null: a set without outcomes. */
  readonly label_spec: string | null;
  /** All decisions with `ts` in [from, to); null where the rows are requests of the user's own. */
  readonly from: string | null;
  readonly to: string | null;
  /** The user's own request rows, as `_entities.csv` has them. */
  readonly entities: { readonly sha256: string; readonly rows: number } | null;
  readonly as_of: string;
  /**
   * `as-of`: a feature row counts in the revision known at `as_of`. `request`: only in what was
   * known at the very request, so that nothing written later gets into it.
   */
  readonly known: 'as-of' | 'request';
  /** `complete`: a row that lacks anything is left out and counted; `all`: it has nulls. */
  readonly keep: 'complete' | 'all';
  /** A feature row whose `ts` is longer before the request is none. Null: however long. */
  readonly max_age_us: number | null;
  readonly instruments: readonly string[];
  /** Of imported rows those that came by then; absent: none of them (`imports.ts`). */
  readonly imported_by?: string;
}

export interface Decisions {
  /** `venue:symbol`. */
  readonly instruments: readonly string[];
  readonly labelSpec: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly asOfUs: number;
  /** Of imported rows those that came by then; none where it is left out. */
  readonly importedByUs?: number | undefined;
}

/** All decisions of a range that lack nothing, with the features of this version. */
export const completeDecisions = (of: Decisions): DatasetDefinition => ({
  feature_sets: [CURRENT_SET],
  label_spec: of.labelSpec,
  from: formatUs(of.fromUs),
  to: formatUs(of.toUs),
  entities: null,
  as_of: formatUs(of.asOfUs),
  known: 'as-of',
  keep: 'complete',
  max_age_us: null,
  instruments: of.instruments,
  ...(of.importedByUs === undefined ? {} : { imported_by: formatUs(of.importedByUs) }),
});

export interface DatasetFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** Where in the log the as-of barrier stands that makes the set final. */
export interface DatasetBarrier {
  readonly value: string;
  readonly control_id: string;
  /** Partition of `ticks` -> offset. */
  readonly offsets: Readonly<Record<string, number>>;
}

export interface DatasetManifest extends DatasetDefinition {
  readonly dataset_id: string;
  /** Of all that follows from definition and tables: the same set, the same hash. */
  readonly sha256: string;
  readonly feature_set: string;
  /** The feature columns of the files, in their order. */
  readonly features: readonly string[];
  readonly rows_in: number;
  readonly rows: number;
  /** Rows left out, by reason; with those of the files they are the rows in. */
  readonly excluded: Readonly<Record<string, number>>;
  /** Rows of the files that lack something, by reason. */
  readonly incomplete: Readonly<Record<string, number>>;
  /** Rows read from each table, as known at `as_of`. */
  readonly read: Readonly<Record<string, number>>;
  /** Rows whose features or outcome are of an import; absent where there is no `imported_by`. */
  readonly imported?: number;
  readonly writer: string;
  readonly files: readonly DatasetFile[];
  /** Null: no as-of barrier vouches that nothing will be known by `as_of` that is not known now. */
  readonly cut: DatasetBarrier | null;
}

/** Where the sets lie that were requested over HTTP, below the data directory. */
export const exportsDir = (dataDir: string): string => join(dataDir, 'exports', 'datasets');

export const MANIFEST = '_manifest.json';
export const ENTITIES = '_entities.csv';

/** The set that this version computes. */
export const CURRENT_SET: FeatureSetUse = { feature_set: FEATURE_SET, features: FEATURE_NAMES };

/** QuestDB's table of a feature set: `features` for the default one. */
export function featureSetTable(featureSet: string): string {
  const [name = ''] = featureSet.split('@', 1);
  return name === 'default' ? 'features' : `features_${name}`;
}

/** The names of the feature columns: with several sets each is `<set>__<feature>`. */
export function featureColumns({
  feature_sets,
}: Pick<DatasetDefinition, 'feature_sets'>): string[] {
  return feature_sets.flatMap(({ feature_set, features }) => {
    const [name] = feature_set.split('@', 1);
    return feature_sets.length === 1 ? features : features.map((each) => `${name}__${each}`);
  });
}

/** The definition within a manifest. Throws an error that names what is missing. */
export function parseDefinition(manifest: DatasetDefinition): DatasetDefinition {
  const { feature_sets, label_spec, from, to, entities, as_of } = manifest;
  const { known, keep, max_age_us, instruments, imported_by } = manifest;
  if (!Array.isArray(feature_sets) || typeof as_of !== 'string' || !Array.isArray(instruments)) {
    throw new Error(
      'the manifest does not say how to make the set again: it was made by an older version',
    );
  }
  checkNames(feature_sets);
  const rows = { from, to, entities, instruments };
  const imports = imported_by === undefined ? {} : { imported_by };
  return { feature_sets, label_spec, as_of, known, keep, max_age_us, ...rows, ...imports };
}

/** They become names of tables and columns, and a manifest may be anybody's. */
function checkNames(sets: readonly FeatureSetUse[]): void {
  for (const { feature_set, features } of sets) {
    const wrong = features.find((name) => !/^\w+$/.test(name));
    if (!/^\w+@\w+$/.test(feature_set)) {
      throw new Error(`the manifest names "${feature_set}", which is no feature set`);
    }
    if (wrong !== undefined) throw new Error(`"${wrong}" of ${feature_set} is no feature's name`);
  }
}

/** The manifest with its own hash and id, which the as-of barrier does not decide. */
export function identified(
  content: Omit<DatasetManifest, 'dataset_id' | 'sha256' | 'cut'>,
  cut: DatasetBarrier | null,
): DatasetManifest {
  const sha256 = createHash('sha256').update(canonicalJson(content)).digest('hex');
  return { dataset_id: `ds-${sha256.slice(0, 16)}`, sha256, ...content, cut };
}

/** False when somebody changed the manifest. */
export function holdsItsHash(manifest: DatasetManifest): boolean {
  const { dataset_id, sha256, cut, ...content } = manifest;
  const again = identified(content, cut);
  return again.sha256 === sha256 && again.dataset_id === dataset_id;
}
