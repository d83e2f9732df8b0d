/**
 * `tickloom models verdict`: the evidence for and against a model, session by session, and whether
 * it is what the stored predictions and outcomes come to.
 */
import type { Command } from 'commander';
import {
  checkVerdict,
  modelVerdict,
  type TenureVerdict,
} from '../../../pipelines/review/verdict.ts';
import { formatUs } from '../../domain/time.ts';
import { newestReview } from '../../postgres/tables/reviews.ts';
import { CommandError, outputFor, withContext } from '../support/context.ts';
import { noModel } from '../support/known.ts';
import { columns, show, type Columns } from '../support/table.ts';

export function modelVerdictCommand(models: Command): void {
  models
    .command('verdict')
    .argument('<id>')
    .option('--check', 'compute it again from the stored rows; exits 1 where it differs')
    .description('show the evidence for and against a model, session by session')
    .action(verdict);
}

async function verdict(
  modelId: string,
  { check }: { check?: true },
  command: Command,
): Promise<void> {
  await withContext('cli', async (context) => {
    const why = await newestReview(context.postgres, modelId);
    if (why === undefined) throw noModel(modelId);
    const tenures = await modelVerdict(context, modelId);
    const wrong = check === true ? await checkVerdict(context, tenures) : null;
    const text = [
      ...(why === null ? [] : [why]),
      ...tenures.map(tenureText),
      ...(tenures.length === 0 ? ['no session has ended while it was a shadow or champion'] : []),
      ...(wrong?.length === 0 ? ['holds: the stored rows come to the same'] : []),
    ].join('\n');
    outputFor(command).show({ model_id: modelId, tenures, wrong }, text);
    if (wrong !== null && wrong.length > 0) {
      throw new CommandError(`the stored rows come to other values:\n  ${wrong.join('\n  ')}`);
    }
  });
}

type Session = TenureVerdict['sessions'][number];

function tenureText({ slot, fromTs, sessions }: TenureVerdict): string {
  const place = slot === 'champion' ? 'champion' : 'shadow';
  return `${place} from ${formatUs(fromTs).slice(0, 16)}Z\n${columns(COLUMNS, sessions)}`;
}

const COLUMNS: Columns<Session> = [
  ['session', ({ sessionTs }) => formatUs(sessionTs).slice(0, 10)],
  ['against', ({ reference }) => reference],
  ['bets', ({ bets }) => String(bets)],
  ['gain, nats a bet', ({ gain, bets }) => show(gain / bets, 4)],
  ['evidence', ({ log_evidence: log }) => show(Math.exp(log), 3)],
];
