/**
 * `tickloom models register | promote | retire | rollback | undo | log`: who decides, by hand. Each
 * change names its reason and what it replaces, and is confirmed; the audit log keeps who made it
 * and what was before and after it, and by that it can be taken back.
 */
import { userInfo } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';
import { readOutsideFile } from '../../files/outside-file.ts';
import { monotonicMs, sleep } from '../../clock.ts';
import { formatUs } from '../../domain/time.ts';
import { parseInstrumentKey } from '../../domain/wire.ts';
import { registerModel } from '../../../pipelines/training/register.ts';
import { ChangeRefused, type Market, type ModelRequest } from '../../learning/model-change.ts';
import { MODEL_FILE_BYTES_MAX } from '../../learning/outside-artefact.ts';
import type { Context } from '../../runtime/context.ts';
import { heldSince } from '../../postgres/tables/model-activations.ts';
import {
  changeModel,
  ModelMissing,
  planChange,
  type AppliedChange,
  type PlannedChange,
} from '../../postgres/tables/registry.ts';
import { ChangeMissing, readUndo } from '../../postgres/tables/registry-undo.ts';
import { championMarkets, modelChanges } from '../../postgres/tables/reviews.ts';
import { confirm, reasonGiven, YES } from '../support/confirm.ts';
import { CommandError, outputFor, withContext } from '../support/context.ts';

/** How long a command waits for the log to show what it sent. */
const SHOWN_MS = 15_000;
const POLL_MS = 200;

export function modelChangeCommands(models: Command): void {
  models
    .command('register')
    .argument('<file>', 'what LightGBM saved as text, ONNX, or a model file of tickloom')
    .requiredOption('--dataset <id>', 'the data set that it was trained on')
    .option('--why <text>', 'kept in the audit log', 'trained elsewhere')
    .option('--symbol <key>', 'venue:symbol, where the data set has several')
    .description('import a model that was trained elsewhere; it is judged like any other')
    .action(register);
  deciding(models.command('promote').argument('<id>'))
    .option('--force', 'also one that has not passed the gate')
    .description('make a model champion from this point of the log on')
    .action((modelId: string, flags: Deciding & { force?: boolean }, command: Command) =>
      change(
        command,
        flags,
        anyMarket({ action: 'promote', modelId, force: flags.force === true }),
      ),
    );
  deciding(models.command('retire').argument('<id>'))
    .description('retire a model; where it was champion, the baseline decides')
    .action((modelId: string, flags: Deciding, command: Command) =>
      change(command, flags, anyMarket({ action: 'retire', modelId })),
    );
  deciding(models.command('rollback'))
    .option('--symbol <key>', 'venue:symbol, where several have a champion')
    .option('--label <spec>', 'label spec, where several have a champion')
    .description('go back to the model that the champion has replaced')
    .action((flags: Deciding & { symbol?: string; label?: string }, command: Command) =>
      change(command, flags, async (context) => {
        return { request: { action: 'rollback' }, market: await rolledBack(context, flags) };
      }),
    );
  deciding(models.command('undo').argument('<change>', 'its number from `models log`', number))
    .description('undo the newest change of a market')
    .action((auditId: number, flags: Deciding, command: Command) =>
      change(command, flags, ({ postgres }) => readUndo(postgres, auditId)),
    );
  models.command('log').description('list every change: who, when, what and why').action(log);
}

interface Deciding {
  readonly why: string;
  readonly yes?: boolean;
}

const deciding = (command: Command): Command =>
  command.requiredOption('--why <text>', 'kept in the audit log', reasonGiven).option(...YES);

function number(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number from `tickloom models log`.');
}

interface Wanted {
  readonly request: ModelRequest;
  /** Null: that of the model. */
  readonly market: Market | null;
}

const anyMarket = (request: ModelRequest) => async (): Promise<Wanted> => ({
  request,
  market: null,
});

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
    const found = await registerModel(context, request, outputFor(command).notify);
    const { modelId, isNew, state, verdict } = found;
    const failed = (verdict?.reasons ?? []).filter(({ passed }) => !passed);
    const head = `${modelId}: ${isNew ? state : `registered before, ${state}`}`;
    const lines = failed.map(({ rule, detail }) => `  FAILS  ${rule}: ${detail}`);
    outputFor(command).show(found, [head, ...lines].join('\n'));
  });
}

async function change(
  command: Command,
  { why, yes }: Deciding,
  wanted: (context: Context) => Promise<Wanted>,
): Promise<void> {
  const { show, notify } = outputFor(command);
  await withContext('cli', async (context) => {
    try {
      const { request, market } = await wanted(context);
      const agreed = await planChange(context.postgres, request, market);
      notify(planned(agreed));
      await confirm(yes);
      const by = { actor: actor(), why, agreed };
      const done = await changeModel(context.postgres, request, market, by);
      const fromTs = await shown(context, done.controlIds);
      show({ ...done, from_ts: fromTs }, changed(done, fromTs));
    } catch (error) {
      const kind = [ChangeRefused, ModelMissing, ChangeMissing].find((of) => error instanceof of);
      if (kind === undefined) throw error;
      throw new CommandError(`${(error as Error).message}${SEE.get(kind) ?? ''}`);
    }
  });
}

const SEE = new Map<unknown, string>([
  [ModelMissing, ': see tickloom models list'],
  [ChangeMissing, ': see tickloom models log'],
]);

const champions = (modelId: string | null): string => modelId ?? 'the baseline';

/** What is about to happen, and to whom. */
function planned({ venue, symbol, labelSpec, before, states, champion }: PlannedChange): string {
  const moves = states.map(({ modelId, to }) => `${modelId}: ${before[modelId]} -> ${to}`);
  const next = states.find(({ to }) => to === 'champion')?.modelId;
  const isGone = states.some(({ modelId, to }) => modelId === champion && to !== 'champion');
  const after = next ?? (isGone ? null : champion);
  const decides =
    after === champion
      ? `${champions(champion)} goes on deciding`
      : `${champions(after)} decides in place of ${champions(champion)}`;
  return [`${venue}:${symbol} ${labelSpec}: ${decides}`, ...moves].join('\n  ');
}

function changed(done: AppliedChange, fromTs: number | null): string {
  const { venue, symbol, labelSpec, champion, states, controlIds, auditId } = done;
  const since =
    fromTs !== null
      ? `from ${formatUs(fromTs)} on`
      : controlIds.length === 0
        ? 'as before'
        : 'the record waits: the log has not shown it yet (is `tickloom run money sink` up?)';
  const now = states.map(({ modelId, to }) => `${modelId} is ${to}`).join(', ');
  return (
    `${venue}:${symbol} ${labelSpec}: ${now}; champion: ${champions(champion)}, ${since}\n` +
    `to take it back: tickloom models undo ${auditId} --why …`
  );
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
  const instrument = symbol === undefined ? undefined : parseInstrumentKey(symbol);
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

const moved = (before: string | null, after: string | null): string =>
  before === after
    ? `champion stays ${after ?? 'baseline'}`
    : `champion ${before ?? 'baseline'} -> ${after ?? 'baseline'}`;

async function log(_flags: object, command: Command): Promise<void> {
  await withContext('cli', async ({ postgres }) => {
    const rows = await modelChanges(postgres);
    const lines = rows.map(
      ({ audit_id, at, actor: who, action, model_id, reason, forced, before, after }) =>
        `${audit_id}  ${formatUs(at).slice(0, 19)}Z  ${who}  ${action.slice('model.'.length)} ${model_id}` +
        `${forced === true ? ' (forced)' : ''}\n` +
        `   ${moved(before.champion, after.champion)}: ${reason}`,
    );
    outputFor(command).show(rows, lines.join('\n'));
  });
}
