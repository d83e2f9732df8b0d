/**
 * `tickloom models outcomes | drift | triggers`: how models do on what really happened, how far the
 * features have moved from what they were trained on, and why they were trained again.
 */
import { Option, type Command } from 'commander';
import { BASELINE_MODEL_ID } from '../../../pipelines/stream/predictions.ts';
import { formatUs, US_PER_HOUR } from '../../domain/time.ts';
import {
  OUTCOME_GROUPS,
  type OutcomeGroup,
  type OutcomeMetrics,
} from '../../learning/monitoring.ts';
import type { Context } from '../../runtime/context.ts';
import { modelDrift, type ModelDrift } from '../../summaries/model-drift.ts';
import { triggerRows } from '../../postgres/tables/retrain-triggers.ts';
import { modelOutcomes } from '../../questdb/tables/model-outcomes.ts';
import { CommandError, outputFor, timeOption, withContext } from '../support/context.ts';
import { noModel } from '../support/known.ts';
import { columns, show, type Columns } from '../support/table.ts';

export function modelMonitoringCommands(models: Command): void {
  models
    .command('outcomes')
    .argument('[id]', 'one model, such as baseline@1; all if left out')
    .addOption(
      new Option('--by <group>', 'what its rows are grouped by')
        .choices([...OUTCOME_GROUPS])
        .default('model'),
    )
    .option('--from <time>', 'UTC; the newest 30 days of each instrument if left out')
    .option('--to <time>', 'UTC')
    .description('show hit rate, Brier score, log loss and calibration on matured outcomes')
    .action(outcomes);
  models
    .command('drift')
    .argument('<id>')
    .option('--hours <n>', 'how far back served rows are counted', '168')
    .option('--to <time>', 'UTC; the newest served row if left out')
    .description('show how far served features have moved from the training data')
    .action(drift);
  models
    .command('triggers')
    .description('list why models were trained again: calendar, drift, decay, new data')
    .action(triggers);
}

async function outcomes(
  modelId: string | undefined,
  { by, from, to }: { by: OutcomeGroup; from?: string; to?: string },
  command: Command,
): Promise<void> {
  const [fromUs, toUs] = [timeOption('--from', from), timeOption('--to', to)];
  await withContext('cli', async (context) => {
    const found = await modelOutcomes(context.questdbReader(), { by, modelId, fromUs, toUs });
    if (found.metrics.length === 0) await refuseUnknownModel(context, modelId);
    const text =
      found.metrics.length === 0
        ? `no prediction${modelId === undefined ? '' : ` of "${modelId}"`} has a known outcome`
        : columns(OUTCOME_COLUMNS, found.metrics);
    outputFor(command).show({ by, ...found }, text);
  });
}

async function refuseUnknownModel(
  { postgres }: Context,
  modelId: string | undefined,
): Promise<void> {
  if (modelId === undefined || modelId === BASELINE_MODEL_ID) return;
  const { rows } = await postgres.query('SELECT 1 FROM models WHERE model_id = $1', [modelId]);
  if (rows.length === 0) throw noModel(modelId);
}

async function drift(
  modelId: string,
  { hours, to }: { hours: string; to?: string },
  command: Command,
): Promise<void> {
  if (!/^[1-9]\d{0,4}$/.test(hours)) {
    throw new CommandError(`--hours ${hours} is not a whole number of hours, at least 1`, 2);
  }
  const untilUs = timeOption('--to', to);
  await withContext('cli', async (context) => {
    const found = await modelDrift(context.questdbReader(), context.postgres, modelId, {
      windowUs: Number(hours) * US_PER_HOUR,
      untilUs,
    });
    if (found === null) throw noModel(modelId);
    const { features, rows, reason } = found;
    const moved = features.toSorted((a, b) => (b.psi ?? -1) - (a.psi ?? -1));
    const text = reason ?? `${rows} served rows\n${columns(DRIFT_COLUMNS, moved)}`;
    outputFor(command).show(found, text);
  });
}

async function triggers(_flags: object, command: Command): Promise<void> {
  await withContext('cli', async ({ postgres }) => {
    const rows = await triggerRows(postgres);
    const lines = rows.map(
      ({ fired_ts, venue, symbol, label_spec, kind, detail }) =>
        `${formatUs(fired_ts).slice(0, 19)}Z  ${kind.padEnd(8)}  ` +
        `${venue}:${symbol} ${label_spec}: ${detail.reason}`,
    );
    outputFor(command).show(rows, lines.join('\n') || 'nothing has requested a training yet');
  });
}

export const OUTCOME_COLUMNS: Columns<OutcomeMetrics> = [
  ['model', ({ model_id }) => model_id],
  ['group', ({ group }) => group],
  ['rows', ({ rows }) => String(rows)],
  ['hits', ({ hit_rate }) => show(hit_rate, 3)],
  ['brier', ({ brier }) => show(brier, 4)],
  ['base', ({ base_brier }) => show(base_brier, 4)],
  ['log loss', ({ log_loss }) => show(log_loss, 4)],
  ['base', ({ base_log_loss }) => show(base_log_loss, 4)],
  ['predicted up', ({ mean_probability_up }) => show(mean_probability_up, 3)],
  ['was up', ({ share_up }) => show(share_up, 3)],
  ['unheeded', ({ unheeded }) => String(unheeded)],
  ['to', ({ last_ts }) => `${formatUs(last_ts).slice(0, 16)}Z`],
];

const DRIFT_COLUMNS: Columns<ModelDrift['features'][number]> = [
  ['feature', ({ name }) => name],
  ['psi', ({ psi }) => show(psi, 3)],
  ['by chance', ({ psi_by_chance }) => show(psi_by_chance, 3)],
  ['verdict', ({ verdict }) => verdict],
  ['missing', ({ served_null_share }) => show(served_null_share, 3)],
  ['in training', ({ trained_null_share }) => show(trained_null_share, 3)],
  ['gain share', ({ gain_share }) => show(gain_share, 3)],
];
