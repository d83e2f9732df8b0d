/** One model -> a dialog: what it was trained on, how it was judged, how it does since, in charts. */
import type { ModelManifest } from '../learning/artefact.ts';
import { FEWEST_ROWS } from '../learning/drift.ts';
import { get, type Drift, type ModelDetail, type ModelMetrics } from './api.ts';
import { byId, empty, h, show } from './dom.ts';
import { count, dateTime, short } from './format.ts';
import {
  calibrationChart,
  driftChart,
  foldsChart,
  importanceChart,
  learningChart,
} from './model-charts.ts';

export async function openModel(id: string): Promise<void> {
  const dialog = byId('model-dialog') as HTMLDialogElement;
  byId('model-title').textContent = id;
  show('model-body', h('p', {}, 'Loading…'));
  dialog.showModal();
  try {
    show('model-body', ...(await buildBody(id)));
  } catch (error) {
    show('model-body', h('p', {}, (error as Error).message));
  }
}

async function buildBody(id: string): Promise<HTMLElement[]> {
  const path = `models/${encodeURIComponent(id)}`;
  // What happened since is read from another server than the model itself: it may be away.
  const [model, outcomes, drift] = await Promise.all([
    get<ModelDetail>(path),
    get<{ items: ModelMetrics[] }>(`${path}/outcomes`, { by: 'bucket' }).catch(() => null),
    get<Drift>(`${path}/drift`).catch(() => null),
  ]);
  const { manifest } = model;
  if (manifest.gate === undefined) {
    return [empty('Its manifest does not say how it was made', 'It came from elsewhere.')];
  }
  const charts = [
    foldsChart(manifest),
    calibrationChart(manifest, outcomes?.items ?? []),
    importanceChart(manifest),
    drift && driftChart(drift),
    learningChart(manifest),
  ].filter((chart) => chart !== null);
  return [
    facts(model, manifest),
    h('div', { class: 'charts' }, ...charts),
    h('p', { class: 'muted' }, missing(manifest, drift)),
    searchTable(manifest),
  ];
}

/** Why a reader may miss a chart. */
function missing({ folds }: ModelManifest, drift: Drift | null): string {
  const reasons = [
    folds.length === 0 ? 'No walk forward: its folds had too few rows.' : '',
    drift === null ? 'QuestDB does not report what was served.' : '',
    drift?.reason ? `No drift: ${drift.reason}.` : '',
    drift?.items.some(({ verdict }) => verdict === 'few_rows')
      ? `No drift yet: fewer than ${FEWEST_ROWS} rows were served in the week.`
      : '',
  ];
  return reasons.filter(Boolean).join(' ');
}

function facts(model: ModelDetail, manifest: ModelManifest): HTMLElement {
  const { rows: trained, from_ts: from, to_ts: to } = manifest.trained;
  const rows: [string, string][] = [
    ['State', [model.state, model.changed_by].filter(Boolean).join(', by ')],
    ['Label, features', `${model.label_spec}, ${manifest.feature_set}`],
    ['Trained on', `${count(trained)} rows, ${formatTime(from)} to ${formatTime(to)}`],
    ['Data set', manifest.dataset_id ?? '–'],
    ['Library, seed', `${manifest.library}, ${manifest.seed}`],
    ['To be trusted until', manifest.expires_ts === null ? '–' : formatTime(manifest.expires_ts)],
    ['Trained at', `${dateTime(model.trained_at)} (event time)`],
    ['Artefact', `sha256 ${model.sha256}`],
  ];
  return h('dl', {}, ...rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

const formatTime = (us: number): string => dateTime(new Date(us / 1_000).toISOString());

/** The hyper-parameters that were tried, on the folds alone. */
function searchTable({ training }: ModelManifest): HTMLElement {
  const rows = training?.search ?? [];
  if (training === undefined || rows.length === 0) return h('p', { class: 'muted' }, '');
  const heads = ['Tried', 'Mean loss', 'Behind the best', 'Standard error', 'Chosen'];
  const { kept, slope } = training.calibration;
  const platt = kept ? `kept, slope ${short(slope ?? 1)}` : 'not better, not kept';
  return h(
    'table',
    {},
    h(
      'caption',
      {},
      `Search over the folds. Platt's calibration: ${platt}. Flash-crash rows left out: ` +
        `${count(training.excluded.flash_crash)}.`,
    ),
    h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
    h(
      'tbody',
      {},
      ...rows.map((row) =>
        h(
          'tr',
          {},
          h('td', {}, row.name),
          h('td', {}, short(row.mean_loss)),
          h('td', {}, short(row.behind_best)),
          h('td', {}, row.standard_error === null ? '–' : short(row.standard_error)),
          h('td', {}, row.chosen ? '✓' : ''),
        ),
      ),
    ),
  );
}
