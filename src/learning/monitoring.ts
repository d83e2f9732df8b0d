/**
 * predictions whose outcome is known -> how good they were, by model and by other groups:
 * the whole, an instrument, a bucket of probability, a day, a regime. Sums alone, so that a range
 * of any length is counted piece by piece in bounded memory.
 *
 * Only eligible predictions count. Nobody would have acted on a vetoed one, or on one of the
 * baseline while it warmed up; how many of these there were is counted apart.
 */
import { formatUs } from '../domain/time.ts';
import { logLosses } from './metrics.ts';
import type { Regime } from './regime.ts';

/** A prediction and what happened: the label is matured. */
export interface GradedPrediction {
  /** The decision: the end of its candle. */
  readonly ts: number;
  readonly venue: string;
  readonly symbol: string;
  readonly label_spec: string;
  readonly model_id: string;
  readonly verdict: string;
  readonly probability_up: number;
  readonly up: 0 | 1;
  /** Of the served features at `ts`; null: they do not show it. */
  readonly regime?: Regime | null;
}

export const OUTCOME_GROUPS = ['model', 'symbol', 'bucket', 'day', 'regime'] as const;
export type OutcomeGroup = (typeof OUTCOME_GROUPS)[number];

/** Metrics of one group; null where no row determines them. */
export interface OutcomeMetrics {
  readonly model_id: string;
  readonly label_spec: string;
  /** `oanda:EUR/USD`, `0.50-0.55`, `2026-03-02`, `usual trend`; `all` by model. */
  readonly group: string;
  readonly rows: number;
  /** Matured rows that were vetoed or of a warm-up: in no metric. */
  readonly unheeded: number;
  /** Share of right calls among rows with a call; exactly one half is none. */
  readonly hit_rate: number | null;
  /** Mean squared difference of probability and outcome (Brier 1950). */
  readonly brier: number | null;
  /** The same of the rows' own share of ups, predicted each time: what a constant had at best. */
  readonly base_brier: number | null;
  /** Mean of minus the log of the probability given to what happened, in nats. */
  readonly log_loss: number | null;
  /** The same of the rows' own share of ups, predicted each time. */
  readonly base_log_loss: number | null;
  /** What was predicted on average, and how often it went up: equal where it is calibrated. */
  readonly mean_probability_up: number | null;
  readonly share_up: number | null;
  /** Gaps of these two over buckets of 0.05, weighted by rows (expected calibration error). */
  readonly calibration_error: number | null;
  readonly first_ts: number;
  readonly last_ts: number;
}

const BUCKETS = 20;

interface Bucket {
  rows: number;
  predicted: number;
  ups: number;
}

interface Sums {
  readonly of: Pick<OutcomeMetrics, 'model_id' | 'label_spec' | 'group'>;
  readonly buckets: Bucket[];
  unheeded: number;
  calls: number;
  hits: number;
  squared: number;
  log: number;
  firstTs: number;
  lastTs: number;
}

/** Counts predictions into groups; `metrics` at any time. */
export class OutcomeTally {
  readonly #by: OutcomeGroup;
  readonly #sums = new Map<string, Sums>();

  constructor(by: OutcomeGroup) {
    this.#by = by;
  }

  add(rows: Iterable<GradedPrediction>): this {
    for (const row of rows) addTo(this.#findSums(row), row);
    return this;
  }

  /** Of every group, by model, label spec and group. */
  metrics(): OutcomeMetrics[] {
    return [...this.#sums]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, sums]) => toMetrics(sums));
  }

  #findSums(row: GradedPrediction): Sums {
    const { model_id, label_spec } = row;
    const group = groupName(this.#by, row);
    const key = JSON.stringify([model_id, label_spec, group]);
    let sums = this.#sums.get(key);
    if (sums === undefined) {
      sums = {
        of: { model_id, label_spec, group },
        buckets: Array.from({ length: BUCKETS }, () => ({ rows: 0, predicted: 0, ups: 0 })),
        unheeded: 0,
        calls: 0,
        hits: 0,
        squared: 0,
        log: 0,
        firstTs: row.ts,
        lastTs: row.ts,
      };
      this.#sums.set(key, sums);
    }
    return sums;
  }
}

/** The metrics of all rows at once. */
export const outcomeMetrics = (
  by: OutcomeGroup,
  rows: Iterable<GradedPrediction>,
): OutcomeMetrics[] => new OutcomeTally(by).add(rows).metrics();

function groupName(by: OutcomeGroup, row: GradedPrediction): string {
  switch (by) {
    case 'model':
      return 'all';
    case 'symbol':
      return `${row.venue}:${row.symbol}`;
    case 'day':
      return formatUs(row.ts).slice(0, 10);
    case 'bucket': {
      const place = findBucket(row.probability_up);
      return `${(place / BUCKETS).toFixed(2)}-${((place + 1) / BUCKETS).toFixed(2)}`;
    }
    case 'regime':
      return row.regime ?? 'unknown';
  }
}

/** A border belongs to the lower bucket. */
function findBucket(probability: number): number {
  let place = 0;
  while (place < BUCKETS - 1 && probability > (place + 1) / BUCKETS) place++;
  return place;
}

function addTo(sums: Sums, { ts, verdict, probability_up: p, up }: GradedPrediction): void {
  sums.firstTs = Math.min(sums.firstTs, ts);
  sums.lastTs = Math.max(sums.lastTs, ts);
  if (verdict !== 'ok') {
    sums.unheeded += 1;
    return;
  }
  const bucket = sums.buckets[findBucket(p)]!;
  bucket.rows += 1;
  bucket.predicted += p;
  bucket.ups += up;
  sums.squared += (p - up) ** 2;
  sums.log += logLosses([up], [p])[0]!;
  if (p === 0.5) return;
  sums.calls += 1;
  if (p > 0.5 === (up === 1)) sums.hits += 1;
}

function toMetrics({ of, buckets, ...sums }: Sums): OutcomeMetrics {
  const total = (value: (bucket: Bucket) => number): number =>
    buckets.reduce((sum, bucket) => sum + value(bucket), 0);
  const rows = total((bucket) => bucket.rows);
  const share = (sum: number): number | null => (rows === 0 ? null : sum / rows);
  const shareUp = share(total(({ ups }) => ups));
  return {
    ...of,
    rows,
    unheeded: sums.unheeded,
    hit_rate: sums.calls === 0 ? null : sums.hits / sums.calls,
    brier: share(sums.squared),
    base_brier: shareUp === null ? null : shareUp * (1 - shareUp),
    log_loss: share(sums.log),
    base_log_loss: shareUp === null ? null : entropy(shareUp) + entropy(1 - shareUp),
    mean_probability_up: share(total(({ predicted }) => predicted)),
    share_up: shareUp,
    calibration_error: share(total(({ predicted, ups }) => Math.abs(predicted - ups))),
    first_ts: sums.firstTs,
    last_ts: sums.lastTs,
  };
}

const entropy = (share: number): number => (share === 0 ? 0 : -share * Math.log(share));
