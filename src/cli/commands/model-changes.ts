/**
 * `tickloom models register | promote | retire | rollback | log`: who decides, by hand. Each change
 * says why and is kept in the audit log, with who made it and what was before and after it.
 */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { readOutsideFile } from '../../adapters/outside-file.ts';
import { monotonicMs, sleep } from '../../clock.ts';
import { formatUs } from '../../domain/time.ts';
import { instrumentOf } from '../../domain/wire.ts';
import { registerModel } from '../../jobs/register.ts';
import { ChangeRefused, type Market, type ModelRequest } from '../../learning/model-change.ts';
import { MODEL_FILE_BYTES_MAX } from '../../learning/outside-artefact.ts';
import type { Context } from '../../processes/context.ts';
import { heldSince } from '../../tables/postgres/model-activations.ts';
import { changeModel, ModelMissing } from '../../tables/postgres/registry.ts';
import { championMarkets, modelChanges } from '../../tables/postgres/reviews.ts';
import { CommandError, outputFor, withContext } from '../context.ts';

/** How long a command waits for the log to show what it sent. */
const SHOWN_MS = 15_000;
const POLL_MS = 200;

export function modelChangeCommands(models: Command): void {
  models
    .command('register')
    .argument('<file>', 'what LightGBM saved as text, ONNX, or a model file of tickloom')
    .requiredOption('--dataset <id>', 'the data set that it was trained on')
    .option('--why <text>', 'kept in the audit log', 'brought from elsewhere')
    .option('--symbol <key>', 'venue:symbol, where the data set has several')
    .description('take up a model that was trained elsewhere, and judge it as any other')
    .action(register);
  models
    .command('promote')
    .argument('<id>')
    .option('--why <text>', 'kept in the audit log', 'by hand')
    .option('--force', 'also one that has not passed the gate')
    .description('make it champion from here on in the log')
    .action((modelId: string, flags: { why: string; force?: boolean }, command: Command) =>
      change(command, flags.why, { action: 'promote', modelId, force: flags.force === true }),
    );
  models
    .command('retire')
    .argument('<id>')
    .option('--why <text>', 'kept in the audit log', 'by hand')
    .description('take it out; where it was champion, the baseline decides')
    .action((modelId: string, flags: { why: string }, command: Command) =>
      change(command, flags.why, { action: 'retire', modelId }),
    );
  models
    .command('rollback')
    .option('--why <text>', 'kept in the audit log', 'by hand')
    .option('--symbol <key>', 'venue:symbol, where several have a champion')
    .option('--label <spec>', 'label spec, where several have a champion')
    .description('back to what the champion took the place of')
    .action((flags: { why: string; symbol?: string; label?: string }, command: Command) =>
      change(command, flags.why, { action: 'rollback' }, (context) => rolledBack(context, flags)),
    );
  models.command('log').description('every change: who, when, what and why').action(log);
}

/** The account that runs the command. */
const actor = (): string => `os:${userInfo().username}`;

async function register(
  path: string,
  { dataset, why, symbol }: { dataset: string; why: string; symbol?: string },
  command: Command,
): Promise<void> {
  const bytes = await readOutsideFile(path, MODEL_FILE_BYTES_MAX);
  const request = { bytes, datasetId: dataset, subject: symbol ?? null, actor: actor(), why };
  await withContext('cli', async (context) => {
    const found = await registerModel(context, request, outputFor(command).say);
    const { modelId, isNew, state, verdict } = found;
    const failed = (verdict?.reasons ?? []).filter(({ passed }) => !passed);
    const head = `${modelId}: ${isNew ? state : `registered before, ${state}`}`;
    const lines = failed.map(({ rule, detail }) => `  FAILS  ${rule}: ${detail}`);
    outputFor(command).show(found, [head, ...lines].join('\n'));
  });
}

async function change(
  command: Command,
  why: string,
  request: ModelRequest,
  marketOf: (context: Context) => Promise<Market | null> = async () => null,
): Promise<void> {
  await withContext('cli', async (context) => {
    try {
      const market = await marketOf(context);
      const done = await changeModel(context.postgres, request, market, { actor: actor(), why });
      const { venue, symbol, labelSpec, champion, controlIds, states } = done;
      const fromTs = await shown(context, controlIds);
      const of = `${venue}:${symbol} ${labelSpec}`;
      const since =
        fromTs === null
          ? 'the record waits: the log has not shown it yet (is `tickloom run money sink` up?)'
          : `from ${formatUs(fromTs)} on`;
      const changed = states.map(({ modelId, to }) => `${modelId} is ${to}`).join(', ');
      const text = `${of}: ${changed}; champion: ${champion ?? 'the baseline'}, ${since}`;
      outputFor(command).show({ ...done, from_ts: fromTs }, text);
    } catch (error) {
      if (!(error instanceof ChangeRefused || error instanceof ModelMissing)) throw error;
      throw new CommandError(error.message);
    }
  });
}

/** Where the records came by, in event time; null: not within the time. */
async function shown({ postgres }: Context, controlIds: readonly string[]): Promise<number | null> {
  if (controlIds.length === 0) return null;
  const deadline = monotonicMs() + SHOWN_MS;
  for (;;) {
    const fromTs = await heldSince(postgres, controlIds);
    if (fromTs !== null || monotonicMs() > deadline) return fromTs;
    await sleep(POLL_MS);
  }
}

async function rolledBack(
  { postgres }: Context,
  { symbol, label }: { symbol?: string; label?: string },
): Promise<Market> {
  const instrument = symbol === undefined ? undefined : instrumentOf(symbol);
  if (instrument === null) throw new CommandError(`"${symbol}" is not of the form venue:symbol`, 2);
  const markets = (await championMarkets(postgres)).filter(
    (market) =>
      (label === undefined || market.labelSpec === label) &&
      (instrument === undefined ||
        (market.venue === instrument.venue && market.symbol === instrument.symbol)),
  );
  const [one, ...more] = markets;
  if (one === undefined) throw new CommandError('no champion to roll back: the baseline decides');
  if (more.length === 0) return one;
  const keys = markets.map(({ venue, symbol: s, labelSpec }) => `${venue}:${s} ${labelSpec}`);
  throw new CommandError(`several have a champion, name one by --symbol: ${keys.join(', ')}`, 2);
}

async function log(_flags: object, command: Command): Promise<void> {
  await withContext('cli', async ({ postgres }) => {
    const rows = await modelChanges(postgres);
    const lines = rows.map(
      ({ at, actor: who, action, model_id, reason, forced, before, after }) =>
        `${formatUs(at).slice(0, 19)}Z  ${who}  ${action.slice('model.'.length)} ${model_id}` +
        `${forced === true ? ' (forced)' : ''}\n` +
        `   champion ${before.champion ?? 'baseline'} -> ${after.champion ?? 'baseline'}: ${reason}`,
    );
    outputFor(command).show(rows, lines.join('\n'));
  });
}
