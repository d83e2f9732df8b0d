/**
 * Is there anything to learn on a real recording? The training job as of several moments, each
 * candidate judged on the range behind its training, beside baselines that need no training.
 *
 *   npm run report:walk-forward
 *   npm run report:walk-forward -- --data DIR --symbol GBP/USD --folds 4 --label direction_1h@1
 *   npm run report:walk-forward -- --data DIR --format csv --venue v --symbol A/B
 *
 * The recording (the bundled one by default) goes through the stream's own operators and labels.
 * Prints a table in Markdown. A gain is by how much the model is better than that line, with a 95 %
 * interval of the gate's block bootstrap: one that holds 0 is no difference that chance excludes,
 * and without an interval the two do not differ, or the blocks are too few.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readTickFiles } from '../../src/feeds/files.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { formatUs } from '../../src/domain/time.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import { DEFAULT_RETRAIN } from '../../src/learning/retrain.ts';
import { loadModel } from '../../src/learning/serving-model.ts';
import { trainCandidate, type Candidate } from '../../src/learning/train.ts';
import {
  byPastReturn,
  byProbability,
  judgeAll,
  METRICS,
  type Judgement,
  type MetricReport,
  type PredictorReport,
} from '../../src/learning/walk-forward.ts';
import { sampleFiles } from '../../src/feeds/sample.ts';
import { testLightgbm } from '../support/lightgbm.ts';
import { driftReviews, type DriftReview } from './recorded-drift.ts';
import { recordedMarket, type RecordedMarket } from './recorded-market.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    format: { type: 'string', default: 'lean-quote' },
    venue: { type: 'string', default: 'oanda' },
    symbol: { type: 'string', default: 'EUR/USD' },
    label: { type: 'string', default: 'direction_1h@1' },
    folds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
});
const { horizonUs } = parseLabelSpec(values.label);
const FOLDS = Number(values.folds);
const SEED = Number(values.seed);
const COVERAGE = 0.95;
/** The shares of the rows at which the folds begin and end; the holdout is the rest. */
const FIRST_SHARE = 0.4;
const LAST_SHARE = 0.7;

interface Window {
  readonly name: string;
  readonly candidate: Candidate;
  readonly judgement: Judgement;
}

async function main(): Promise<void> {
  const market = await recordedMarket(recording(), values.label);
  const { rows, rowsIn, excluded } = market.set;
  const left = Object.entries(excluded).map(([reason, count]) => `${count} ${reason}`);
  const span = `${formatUs(market.fromTs)} to ${formatUs(market.toTs)}`;
  console.log(`${values.venue} ${values.symbol}, ${span}, ${market.ticks} ticks, ${values.label}`);
  console.log(`${rowsIn} decisions = ${rows.length} rows + ${left.join(' + ')}\n`);
  const edges = Array.from({ length: FOLDS + 1 }, (_, fold) =>
    Math.floor(rows.length * (FIRST_SHARE + ((LAST_SHARE - FIRST_SHARE) * fold) / FOLDS)),
  );
  const windows = edges.map((from, fold) => {
    const isLast = fold === FOLDS;
    const name = isLast ? 'holdout' : `fold ${fold + 1}`;
    console.error(`${name}: trains ...`);
    return windowAt(market, name, from, isLast ? rows.length : edges[fold + 1]!);
  });
  printTable(windows);
  console.log();
  for (const { name, candidate } of windows) console.log(formatVerdict(name, candidate));
  console.log(`\n${formatDrift(market, windows)}`);
}

function formatDrift({ set }: RecordedMarket, windows: readonly Window[]): string {
  const reviews = windows.flatMap(({ name, candidate }) =>
    driftReviews(set.rows, candidate.manifest, name),
  );
  const fired = reviews.filter(({ fires }) => fires).length;
  const most = (of: (review: DriftReview) => number): string =>
    `${Math.round(100 * Math.max(0, ...reviews.map(of)))} %`;
  const { driftShare, driftGainShare } = DEFAULT_RETRAIN;
  return (
    `drift: ${fired} of ${reviews.length} reviews behind these trainings would train again; at most ` +
    `${most(({ shareDrifted }) => shareDrifted)} of the features (${100 * driftShare} % are needed) and ` +
    `${most(({ gainShareDrifted }) => gainShareDrifted)} of the gain (${100 * driftGainShare} %) drifted`
  );
}

function recording(): ReturnType<typeof readTickFiles> {
  const { data, format, venue, symbol } = values;
  if (data === undefined) {
    const sample = sampleFiles(join(PROJECT_DIR, 'data', 'sample'));
    return readTickFiles(sample.paths, sample.format, sample);
  }
  const names = readdirSync(data).filter((name) => /\.(zip|csv|gz|ndjson|json)$/.test(name));
  if (names.length === 0) throw new Error(`${data} holds no recording (.zip, .csv, .gz, .ndjson)`);
  const paths = names.toSorted().map((name) => join(data, name));
  return readTickFiles(paths, format, { venue, symbol });
}

/** A whole training as of the window's begin: nothing in it has seen the window. */
function windowAt({ set, pastReturn }: RecordedMarket, name: string, from: number, to: number) {
  const known = set.rows.slice(0, to);
  const candidate = trainCandidate({
    rows: known,
    featureNames: FEATURE_NAMES,
    featureSet: FEATURE_SET,
    labelSpec: values.label,
    trainer: testLightgbm(),
    seed: SEED,
    expiresTs: null,
    replayParity: true,
    split: { holdoutShare: 1 - from / to },
  });
  const fromTs = candidate.manifest.slice.test_from_ts;
  const places = known.flatMap(({ decidedTs }, i) => (decidedTs >= fromTs ? [i] : []));
  const trained = known.flatMap(({ labelEndTs }, i) =>
    labelEndTs + horizonUs < fromTs ? [i] : [],
  );
  const model = loadModel(candidate.bytes, {
    featureSet: FEATURE_SET,
    featureNames: FEATURE_NAMES,
  });
  const column = (of: (row: (typeof known)[number]) => number): Float64Array =>
    Float64Array.from(places, (at) => of(known[at]!));
  const training = {
    up: Uint8Array.from(trained, (at) => known[at]!.up),
    pastReturn: Float64Array.from(trained, (at) => pastReturn[at]!),
  };
  const past = Float64Array.from(places, (at) => pastReturn[at]!);
  const baseRate = 1 / (1 + Math.exp(-candidate.manifest.serving.base_log_odds));
  const judgement: Judgement = {
    decidedTs: column(({ decidedTs }) => decidedTs),
    up: column(({ up }) => up),
    predictors: [
      byProbability(
        'the model',
        column((row) => model.predict(row.values).probabilityUp),
      ),
      byProbability(
        'base rate',
        column(() => baseRate),
      ),
      byPastReturn('momentum', 1, training, past),
      byPastReturn('mean reversion', -1, training, past),
      byProbability(
        'online baseline',
        column((row) => row.championProbability ?? 0.5),
      ),
    ],
  };
  return { name, candidate, judgement } satisfies Window;
}

function printTable(windows: readonly Window[]): void {
  console.log('| decisions | by | AUC | hit rate | Brier | log loss |\n|---|---|---|---|---|---|');
  const options = { horizonUs, coverage: COVERAGE, seed: SEED };
  const all = windows.map(({ judgement }) => judgement);
  const ranges: [string, readonly Judgement[]][] = [
    ...windows.map(({ name, judgement }): [string, Judgement[]] => [name, [judgement]]),
    ['all of these', all],
  ];
  for (const [name, judgements] of ranges) {
    const rows = judgements.reduce((sum, { up }) => sum + up.length, 0);
    judgeAll(judgements, options).forEach((report, place) => {
      console.log(formatLine(place === 0 ? `${name}: ${rows}` : '', report));
    });
  }
}

const formatLine = (head: string, report: PredictorReport): string =>
  `| ${head} | ${report.name} | ${METRICS.map((metric) => formatCell(report[metric])).join(' | ')} |`;

function formatCell({ value, gain }: MetricReport): string {
  if (value === null) return 'not determined';
  const shown = value.toFixed(4);
  if (gain === null) return shown;
  if (gain.low === null || gain.high === null) return `${shown}; ${signed(gain.mean)}`;
  return `${shown}; ${signed(gain.mean)} (${signed(gain.low)} to ${signed(gain.high)})`;
}

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(4)}`;

function formatVerdict(name: string, { verdict, manifest }: Candidate): string {
  const { trained, slice, training } = manifest;
  const failed = verdict.reasons.filter(({ passed }) => !passed).map(({ detail }) => detail);
  const found =
    training?.search.find(({ chosen }) => chosen)?.name ?? 'the simplest, without folds';
  const area = slice.score_auc?.toFixed(4) ?? 'not determined';
  return [
    `${name}: trained on ${trained.rows} rows, parameters: ${found}`,
    `Platt ${training?.calibration.kept === true ? 'kept' : 'not kept'}`,
    `AUC of its trees before they are pulled back ${area}`,
    verdict.passed ? 'passes the gate' : `refused by the gate: ${failed.join('; ')}`,
  ].join(', ');
}

await main();
