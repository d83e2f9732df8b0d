/**
 * Raw rows of three instruments, a fifth of them late, revised or delivered three times, with ties
 * and rows on the very boundary; and what a program in Python makes of them.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { formatUs, parseUs, US_PER_HOUR, US_PER_MIN, US_PER_S } from '../../src/domain/time.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import type { FeatureRow } from '../../src/questdb/tables/features.ts';
import type { LabelRow } from '../../src/questdb/tables/labels.ts';
import type { PredictionRow } from '../../src/questdb/tables/predictions.ts';

export const START = parseUs('2031-03-04T20:00:00Z');
const MINUTES = 420;
export const END = START + MINUTES * US_PER_MIN;
/** Cuts of the data-quality job: what was revised is known since one of them. */
export const CUTS = [8, 9, 10].map((hours) => START + hours * US_PER_HOUR) as [
  number,
  number,
  number,
];
export const LABEL_SPEC = 'direction_1h@1';
export const INSTRUMENTS = [
  { venue: 'pit', symbol: 'A/USD' },
  { venue: 'pit', symbol: 'B/USD' },
  { venue: 'pit2', symbol: 'A/USD' },
] as const;

export interface RawRows {
  readonly features: FeatureRow[];
  readonly labels: LabelRow[];
  readonly predictions: PredictionRow[];
}

export interface Question {
  readonly as_of: number;
  readonly known: 'as-of' | 'request';
  readonly keep: 'complete' | 'all';
  readonly max_age_us: number | null;
  readonly from: number | null;
  readonly to: number | null;
}

export interface Request {
  readonly venue: string;
  readonly symbol: string;
  readonly ts: number;
}

export interface OracleRow extends Request {
  readonly request_row: number;
  readonly request_ts: number;
  readonly decided_ts: number | null;
  readonly values: Readonly<Record<string, number | null>>;
  readonly up: number | null;
  readonly forward_return: number | null;
  readonly exit_ts: number | null;
  readonly champion_probability: number | null;
  readonly missing: string | null;
}

/** The rows as they were delivered: in order of arrival, repeats included. Same seed, same rows. */
export function rawRows(seed: number): RawRows {
  const random = seededRandom(seed);
  const rows: RawRows = { features: [], labels: [], predictions: [] };
  for (const instrument of INSTRUMENTS) {
    for (let minute = 0; minute < MINUTES; minute++) {
      // An interval without a tick has no candle.
      if (random() < 0.05) continue;
      const ts = START + (minute + 1) * US_PER_MIN;
      deliver(rows.features, random, drawFeatures(instrument, ts, random));
      if (random() < 0.95) deliver(rows.labels, random, drawLabels(instrument, ts, random));
      if (random() < 0.9)
        deliver(rows.predictions, random, [drawPrediction(instrument, ts, random)]);
    }
  }
  return rows;
}

function deliver<R>(into: R[], random: () => number, rows: readonly R[]): void {
  const times = random() < 0.07 ? 3 : 1;
  for (let n = 0; n < times; n++) into.push(...rows);
}

/**
 * A row and its revisions; now and then it was never served, late, or known at an as-of barrier's
 * moment.
 */
function drawFeatures(instrument: Omit<Request, 'ts'>, ts: number, random: () => number) {
  const drawn = random();
  const isBackfilled = drawn < 0.02;
  const isLate = drawn > 0.94;
  const behind = isLate ? Math.ceil(random() * 40) * US_PER_MIN : 2 * US_PER_S;
  // A heartbeat decides several candles at once: ties.
  const decided_ts = random() < 0.05 ? ts + US_PER_MIN + 2 * US_PER_S : ts + behind;
  const known_at = random() < 0.02 ? CUTS[0] : decided_ts + Math.floor(random() * 2) * 250_000;
  const first = { ...instrument, ts, feature_set: FEATURE_SET, flags: '', feature_id: `f${ts}` };
  const revised = CUTS.filter(() => random() < (isBackfilled ? 0.9 : 0.04));
  const [moment = CUTS[1]] = revised;
  const served = isBackfilled ? [] : [{ decided_ts, known_at, revision: 0 }];
  const later = (isBackfilled && revised.length === 0 ? [CUTS[1]] : revised).map((cut, n) => ({
    decided_ts: isBackfilled ? moment : decided_ts,
    known_at: cut,
    revision: n + 1,
  }));
  return [...served, ...later].map(
    (clocks) => ({ ...first, ...clocks, ...drawValues(random) }) as unknown as FeatureRow,
  );
}

function drawValues(random: () => number): Record<string, number | null> {
  const nulls = random() < 0.05 ? 0.6 : 0.05;
  return Object.fromEntries(
    FEATURE_NAMES.map((name) => [name, random() < nulls ? null : gaussian(random)]),
  );
}

function drawLabels(instrument: Omit<Request, 'ts'>, ts: number, random: () => number): LabelRow[] {
  const known = random() < 0.1 ? CUTS[0] : ts + US_PER_HOUR + 4 * US_PER_S;
  const revised = CUTS.filter((cut) => cut > known && random() < 0.05);
  return [known, ...revised].map((label_known_at, revision) => {
    const isVoid = random() < 0.1;
    const forward = isVoid ? null : gaussian(random) * 1e-3;
    return {
      ...instrument,
      ...{ ts, decided_ts: ts + 2 * US_PER_S, label_known_at, label_spec: LABEL_SPEC, revision },
      ...{ entry_ts: ts + 3 * US_PER_S, entry_price: 1, exit_price: 1 + (forward ?? 0) },
      ...{ exit_ts: isVoid ? null : ts + US_PER_HOUR, forward_return: forward, flags: '' },
      ...{ up: forward === null ? null : forward > 0 ? 1 : 0 },
      ...{ state: isVoid ? 'void' : 'matured', void_reason: isVoid ? 'gap' : null },
    };
  });
}

const drawPrediction = (
  instrument: Omit<Request, 'ts'>,
  ts: number,
  random: () => number,
): PredictionRow => ({
  ...instrument,
  ...{ ts, decided_ts: ts + 2 * US_PER_S, known_at: ts + 2 * US_PER_S, label_spec: LABEL_SPEC },
  ...{ slot: 'champion', prediction_id: `p${ts}`, feature_id: `f${ts}`, model_id: 'baseline' },
  ...{ horizon_s: 3600, probability_up: random(), expected_return: 0, verdict: 'ok', close: 1 },
});

/** Requests before, on and behind the moments that decide, twice the same among them. */
export function drawnRequests(seed: number, rows: RawRows): Request[] {
  const random = seededRandom(seed);
  const requests: Request[] = [];
  while (requests.length < 400) {
    const row = rows.features[Math.floor(random() * rows.features.length)];
    if (row === undefined) continue;
    const { venue, symbol } = row;
    const base = random() < 0.5 ? row.known_at : row.decided_ts;
    const off = Math.floor(random() * 3) - 1;
    requests.push({ venue, symbol, ts: base + (random() < 0.5 ? 0 : off) });
    if (random() < 0.05) requests.push({ venue, symbol, ts: base });
  }
  requests.push({ venue: 'pit', symbol: 'A/USD', ts: START - US_PER_HOUR });
  requests.push({ venue: 'nowhere', symbol: 'Z/USD', ts: END });
  return requests;
}

export const entityFile = (requests: readonly Request[]): string =>
  ['venue,symbol,ts', ...requests.map((r) => `${r.venue},${r.symbol},${formatUs(r.ts)}`)].join(
    '\n',
  );

/** What the second program makes of the rows. */
export function askOracle(
  rows: RawRows,
  requests: readonly Request[],
  question: Question,
): OracleRow[] {
  const lines = Object.entries({ ...rows, requests }).flatMap(([table, list]) =>
    (list as readonly object[]).map((row) => JSON.stringify({ table, ...row })),
  );
  const input = JSON.stringify({ ...question, features: FEATURE_NAMES });
  const script = join(import.meta.dirname, '..', 'oracle', 'datasets', 'point_in_time.py');
  const answer = execFileSync('python3', [script], {
    input: [input, ...lines].join('\n'),
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  });
  return answer
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as OracleRow);
}
