/**
 * A model's manifest, its matured outcomes and the drift of its features -> charts. Each is null
 * where there is nothing to draw.
 */
import * as Plot from '@observablehq/plot';
import type { ModelManifest } from '../learning/artefact.ts';
import { PSI_DRIFTED, PSI_MODERATE } from '../learning/drift.ts';
import type { Drift, ModelMetrics } from './api.ts';
import { h } from './dom.ts';
import { words } from './format.ts';
import { color } from './theme.ts';

const WIDTH = 430;
const HEIGHT = 210;
/** What the longest name of a feature takes. */
const NAMES_WIDTH = 150;
/** More bars than these are not read. */
const BARS = 12;
/** So many rows of a bucket say little more than chance. */
const FEW_ROWS = 20;

type Options = Plot.PlotOptions;

interface Reading {
  readonly title: string;
  /** A sentence that says how to read it, also to who does not see it. */
  readonly reading: string;
  /** What is drawn in which colour, where there are several. */
  readonly tones?: Tones;
}

/** A name -> one of the style sheet's colours that has a swatch. */
type Tones = Readonly<Record<string, 'pending' | 'right' | 'wrong' | 'warn' | 'void'>>;

const colorScale = (tones: Tones): Plot.ScaleOptions => ({
  domain: Object.keys(tones),
  range: Object.values(tones).map(color),
});

function figure({ title, reading, tones }: Reading, options: Options): HTMLElement {
  const plot = Plot.plot({
    className: 'plot',
    ...(tones === undefined ? {} : { color: colorScale(tones) }),
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 52,
    style: { background: 'transparent', color: color('muted'), fontSize: '11px' },
    ariaLabel: `${title}. ${reading}`,
    ...options,
  });
  plot.setAttribute('role', 'img');
  // The page takes no style but its own sheet's.
  for (const style of plot.querySelectorAll('style')) style.remove();
  const legend = Object.entries(tones ?? {}).map(([name, tone]) =>
    h('li', {}, h('span', { class: `swatch ${tone}`, 'aria-hidden': 'true' }), name),
  );
  const list = legend.length === 0 ? null : h('ul', { class: 'legend' }, ...legend);
  const caption = h('figcaption', { class: 'muted' }, reading);
  return h('figure', {}, h('h3', {}, title), list, plot, caption);
}

const WHO = ['candidate', 'champion', 'base_rate'] as const;

/** Log loss of each fold of the walk forward and of the holdout, by who predicted. */
export function foldsChart({ folds, slice }: ModelManifest): HTMLElement | null {
  const parts = [...folds, slice];
  const points = parts.flatMap((part) =>
    WHO.map((who) => ({
      who: words(who),
      at: new Date(part.test_from_ts / 1_000),
      loss: part.direction[who].log_loss,
    })),
  );
  const known = points.filter(({ loss }) => loss !== null);
  if (folds.length === 0 || known.length === 0) return null;
  const place = { x: 'at', y: 'loss', stroke: 'who' } as const;
  return figure(
    {
      title: 'Walking forward',
      reading:
        'Log loss of rows that the model never saw, by their first decision; lower is better. ' +
        'The gate judged the last.',
      tones: { candidate: 'pending', champion: 'warn', 'base rate': 'void' },
    },
    {
      x: { label: null, type: 'utc' },
      y: { label: 'log loss', grid: true, nice: true },
      marks: [
        Plot.lineY(known, { ...place, strokeWidth: 1.5 }),
        Plot.dot(known, { ...place, fill: 'who', r: 3 }),
      ],
    },
  );
}

/** What was predicted against what happened: on the holdout, and live. */
export function calibrationChart(
  { slice }: ModelManifest,
  live: readonly ModelMetrics[],
): HTMLElement | null {
  const judged = (slice.calibration ?? []).map(({ count, mean_predicted, share_up }) => ({
    where: 'gate',
    rows: count,
    predicted: mean_predicted,
    happened: share_up,
  }));
  const since = live.map(({ rows, mean_probability_up: predicted, share_up: happened }) => ({
    where: 'live',
    rows,
    predicted,
    happened,
  }));
  const points = [...judged, ...since].filter(
    ({ rows, predicted, happened }) => rows >= FEW_ROWS && predicted !== null && happened !== null,
  );
  if (points.length === 0) return null;
  return figure(
    {
      title: 'Calibration',
      reading:
        'How often it went up where a probability was predicted: on the diagonal both agree. ' +
        `Buckets of at least ${FEW_ROWS} rows.`,
      tones: { gate: 'pending', live: 'right' },
    },
    {
      x: { label: 'predicted', tickFormat: '.1%', grid: true, inset: 8 },
      y: { label: 'happened', tickFormat: '.1%', grid: true, inset: 8 },
      r: { range: [2, 9] },
      marks: [
        Plot.line(diagonal(points), { stroke: color('muted'), strokeDasharray: '3,3' }),
        Plot.dot(points, {
          x: 'predicted',
          y: 'happened',
          r: 'rows',
          fill: 'where',
          fillOpacity: 0.8,
          title: ({ where, rows }: (typeof points)[number]) => `${where}: ${rows} rows`,
        }),
      ],
    },
  );
}

function diagonal(points: readonly { predicted: number | null }[]): [number, number][] {
  const predicted = points.map((point) => point.predicted ?? 0);
  const [low, high] = [Math.min(...predicted), Math.max(...predicted)];
  return [
    [low, low],
    [high, high],
  ];
}

/** The features that the direction model splits by most, and what their loss would cost. */
export function importanceChart({ importance }: ModelManifest): HTMLElement | null {
  const bars = importance.slice(0, BARS);
  if (bars.length === 0) return null;
  const formatLoss = ({ permutation_auc_loss: loss }: (typeof bars)[number]): string =>
    loss === null || loss === undefined ? '' : loss.toFixed(4).replace('-', '−');
  return figure(
    {
      title: 'Features',
      reading:
        'Share of split gain; the number is the AUC that is lost when the feature is shuffled.',
    },
    {
      height: 24 * bars.length + 46,
      marginLeft: NAMES_WIDTH,
      marginRight: 46,
      x: { label: 'share of gain', tickFormat: '.0%', grid: true },
      y: { label: null },
      marks: [
        Plot.barX(bars, {
          x: 'gain_share',
          y: 'feature',
          fill: color('pending'),
          sort: { y: '-x' },
        }),
        Plot.text(bars, {
          x: 'gain_share',
          y: 'feature',
          text: formatLoss,
          textAnchor: 'start',
          dx: 4,
          fill: color('text'),
        }),
      ],
    },
  );
}

/** AUC on the last fold by how many of its training rows a model was given. */
export function learningChart({ training }: ModelManifest): HTMLElement | null {
  const points = (training?.learning_curve ?? []).filter(({ score_auc: auc }) => auc !== null);
  if (points.length < 2) return null;
  const place = { x: 'train_rows', y: 'score_auc', stroke: color('pending') } as const;
  return figure(
    {
      title: 'Learning curve',
      reading:
        'AUC on the last fold by the number of training rows: where it still rises, more data help.',
    },
    {
      x: { label: 'training rows', grid: true, nice: true },
      y: { label: 'AUC', grid: true, nice: true },
      marks: [Plot.lineY(points, place), Plot.dot(points, { ...place, fill: color('pending') })],
    },
  );
}

/** How far the newest week's features have moved from the training set's. */
export function driftChart({ items }: Drift): HTMLElement | null {
  const bars = items
    .filter(({ psi }) => psi !== null)
    .toSorted((a, b) => (b.psi ?? 0) - (a.psi ?? 0))
    .slice(0, BARS);
  if (bars.length === 0) return null;
  return figure(
    {
      title: 'Drift',
      reading:
        'Population stability index of the newest week served against the training set: ' +
        `moderate from ${PSI_MODERATE}, drifted from ${PSI_DRIFTED}, if chance does not do as much.`,
      tones: { stable: 'right', moderate: 'warn', drifted: 'wrong' },
    },
    {
      height: 24 * bars.length + 46,
      marginLeft: NAMES_WIDTH,
      x: { label: 'PSI', grid: true },
      y: { label: null },
      marks: [
        Plot.barX(bars, { x: 'psi', y: 'name', fill: 'verdict', sort: { y: '-x' } }),
        Plot.ruleX([PSI_MODERATE, PSI_DRIFTED], { stroke: color('muted'), strokeDasharray: '3,3' }),
      ],
    },
  );
}
