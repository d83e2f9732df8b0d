/**
 * A model's bins + served feature rows -> how far each feature has moved from what training saw.
 *
 * The population stability index sums (served - trained) * ln(served / trained) over bins; missing
 * values are a bin of their own, so that a feed which falls silent shows too. Below 0.1 nothing has
 * moved, from 0.25 on the population is another (N. Siddiqi, "Credit Risk Scorecards", 2006, the
 * system stability report; B. Yurdakul, "Statistical Properties of Population Stability Index",
 * 2018, for its distribution). A share of nothing counts as 0.0001, as is usual: the logarithm
 * needs one, and a constant that became another has an index of 18, not of infinity.
 *
 * Few rows are no evidence. Of rows that have nothing to do with each other the index of an unmoved
 * feature is a chi-squared of one degree less than bins, times (1 / trained + 1 / served rows)
 * (Yurdakul, as above). Rows of one market resemble their neighbours (see
 * `src/learning/feature-bins.ts`), and a shift of the whole lasts longest, one of the k-th moment a
 * k-th of that, as of a Gaussian process. What such a sum exceeds once in a hundred times is no
 * drift, however large. (Its quantile by F. E. Satterthwaite, "An Approximate Distribution of
 * Estimates of Variance Components", 1946, and E. B. Wilson and M. M. Hilferty, "The Distribution
 * of Chi-Square", 1931.) Below `FEWEST_ROWS` there is no verdict.
 */
import type { ModelManifest } from './artefact.ts';
import { binCount, findBin, type FeatureBins } from './feature-bins.ts';

export const PSI_MODERATE = 0.1;
export const PSI_DRIFTED = 0.25;
const SHARE_FLOOR = 1e-4;
export const FEWEST_ROWS = 500;

export type DriftVerdict = 'stable' | 'moderate' | 'drifted' | 'few_rows' | 'not_served';

export interface FeatureDrift {
  readonly name: string;
  /** Null: too few rows, or the feature is not served any more. */
  readonly psi: number | null;
  /** What the index of an unmoved feature exceeds once in a hundred times. */
  readonly psi_by_chance: number | null;
  readonly trained_null_share: number;
  readonly served_null_share: number | null;
  readonly verdict: DriftVerdict;
}

type Served = Readonly<Record<string, unknown>>;

/** Counts served rows into the model's bins, piece by piece. */
export class DriftTally {
  readonly #bins: readonly FeatureBins[];
  readonly #counts: readonly number[][];
  readonly #nulls: number[];
  readonly #unserved = new Set<string>();
  #rows = 0;

  constructor(bins: readonly FeatureBins[]) {
    this.#bins = bins;
    this.#counts = bins.map((each) => Array.from({ length: binCount(each) }, () => 0));
    this.#nulls = bins.map(() => 0);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Each row's values by feature name. */
  add(rows: Iterable<Served>): this {
    for (const row of rows) {
      this.#rows += 1;
      for (const [i, bins] of this.#bins.entries()) this.#count(i, bins, row[bins.name]);
    }
    return this;
  }

  #count(i: number, bins: FeatureBins, value: unknown): void {
    if (value === undefined) this.#unserved.add(bins.name);
    if (typeof value !== 'number' || Number.isNaN(value)) this.#nulls[i]! += 1;
    else this.#counts[i]![findBin(bins, value)]! += 1;
  }

  /** Every feature of the model, in its order. */
  drift(): FeatureDrift[] {
    return this.#bins.map((bins, i) => {
      const { name, shares, null_share } = bins;
      const of = { name, trained_null_share: null_share };
      if (this.#unserved.has(name)) {
        const unknown = { psi: null, psi_by_chance: null, served_null_share: null };
        return { ...of, ...unknown, verdict: 'not_served' };
      }
      const served_null_share = this.#rows === 0 ? null : this.#nulls[i]! / this.#rows;
      if (this.#rows < FEWEST_ROWS) {
        return { ...of, psi: null, psi_by_chance: null, served_null_share, verdict: 'few_rows' };
      }
      const served = [...this.#counts[i]!, this.#nulls[i]!].map((count) => count / this.#rows);
      const psi = stabilityIndex([...shares, null_share], served);
      const psi_by_chance = driftByChance(bins, this.#rows);
      const verdict = judgeDrift(psi, psi_by_chance);
      return { ...of, psi, psi_by_chance, served_null_share, verdict };
    });
  }
}

/** The drift of all rows at once. */
export const featureDrift = (
  bins: readonly FeatureBins[],
  rows: Iterable<Served>,
): FeatureDrift[] => new DriftTally(bins).add(rows).drift();

/** Shares of the same bins, each summing to 1 -> the population stability index, 0 or more. */
export function stabilityIndex(trained: readonly number[], served: readonly number[]): number {
  let sum = 0;
  for (const [i, share] of trained.entries()) {
    const expected = Math.max(share, SHARE_FLOOR);
    const actual = Math.max(served[i] ?? 0, SHARE_FLOOR);
    sum += (actual - expected) * Math.log(actual / expected);
  }
  return sum;
}

function judgeDrift(psi: number, byChance: number): DriftVerdict {
  if (psi <= byChance) return 'stable';
  if (psi >= PSI_DRIFTED) return 'drifted';
  return psi >= PSI_MODERATE ? 'moderate' : 'stable';
}

/** Of a manifest from before it was counted how much rows say: by the served rows alone. */
function driftByChance(bins: FeatureBins, servedRows: number): number {
  const { rows_apart = 1, effective_rows = Infinity, null_share } = bins;
  const degrees = binCount(bins) + Number(null_share > 0) - 1;
  if (degrees < 1) return 0;
  // In rows that say something of their own; no moment forgets faster than from row to row.
  const weights = Array.from({ length: degrees }, (_, i) => Math.max(1 / rows_apart, 1 / (i + 1)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const scale = weights.reduce((sum, weight) => sum + weight * weight, 0) / total;
  return scale * chiSquared99(total / scale) * (1 / effective_rows + rows_apart / servedRows);
}

const Z_99 = 2.326;

/** The 99 % quantile. */
function chiSquared99(degrees: number): number {
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + Z_99 * Math.sqrt(spread)) ** 3;
}

/** The bins of a model's manifest; null: it has none, because it is older or was imported. */
export const manifestBins = ({
  feature_bins: bins = [],
}: Pick<ModelManifest, 'feature_bins'>): readonly FeatureBins[] | null =>
  bins.length > 0 ? bins : null;

export interface DriftSummary {
  /** Shares of the features that have a verdict; a feature that is not served has drifted. */
  readonly shareDrifted: number;
  /** Share of the model's split gain that hangs on drifted features. */
  readonly gainShareDrifted: number;
  /** Their names, the most important first. */
  readonly drifted: readonly string[];
}

/** Null without any verdict: too few rows. `gainShares`: the model's importance by feature. */
export function driftSummary(
  drift: readonly FeatureDrift[],
  gainShares: ReadonlyMap<string, number>,
): DriftSummary | null {
  const judged = drift.filter(({ verdict }) => verdict !== 'few_rows');
  if (!judged.some(({ psi }) => psi !== null)) return null;
  const gainShare = (name: string): number => gainShares.get(name) ?? 0;
  const drifted = judged
    .filter(({ verdict }) => verdict === 'drifted' || verdict === 'not_served')
    .map(({ name }) => name)
    .toSorted((a, b) => gainShare(b) - gainShare(a) || (a < b ? -1 : 1));
  return {
    shareDrifted: drifted.length / judged.length,
    gainShareDrifted: drifted.reduce((sum, name) => sum + gainShare(name), 0),
    drifted,
  };
}
