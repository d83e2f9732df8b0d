/** `tickloom jobs list | show | retry | cancel`: what is done behind the flow, and by hand. */
import { userInfo } from 'node:os';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { formatUs } from '../../domain/time.ts';
import { JOB_STATES } from '../../postgres/tables/job-runs.ts';
import { RUN_QUEUES } from '../../queue/queue-names.ts';
import {
  changeRun,
  listRuns,
  RunMissing,
  RunRefused,
  showRun,
  type RunChange,
  type ShownRun,
} from '../../postgres/tables/job-changes.ts';
import { CommandError, outputFor, withContext } from '../support/context.ts';

interface ListFlags {
  readonly job?: string;
  readonly state?: string;
  readonly all?: boolean;
  readonly limit: number;
}

export function jobsCommands(program: Command): void {
  const jobs = program.command('jobs').description('list, show, retry and cancel runs of jobs');
  jobs
    .command('list')
    .addOption(new Option('--job <name>', 'of this job alone').choices(RUN_QUEUES))
    .addOption(new Option('--state <state>', 'in this state').choices(JOB_STATES))
    .option('--all', 'finished ones too')
    .option('--limit <n>', 'so many at most', count, 100)
    .description('list runs that are open or have failed, newest first')
    .action((flags: ListFlags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const runs = await listRuns(postgres, flags);
        const text = runs.length === 0 ? 'none' : runs.map(formatLine).join('\n');
        outputFor(command).show(runs, text);
      }),
    );
  jobs
    .command('show')
    .argument('<id>', 'number from the list', number)
    .description('show a run: progress, last error, next try')
    .action((id: number, _flags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const run = await understood(showRun(postgres, id));
        outputFor(command).show(run, formatRun(run));
      }),
    );
  addChange(jobs, 'retry', 'try it now, as if for the first time');
  addChange(jobs, 'cancel', 'call it off; one that runs is ended');
}

function addChange(jobs: Command, change: RunChange, description: string): void {
  jobs
    .command(change)
    .argument('<ids...>', 'numbers from the list', (text: string, before: number[] | undefined) => [
      ...(before ?? []),
      number(text),
    ])
    .option('--why <text>', 'kept in the audit log')
    .description(description)
    .action((ids: number[], { why }: { why?: string }, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const by = { actor: `os:${userInfo().username}`, why: why ?? null };
        const runs: ShownRun[] = [];
        for (const id of ids) runs.push(await understood(changeRun(postgres, change, id, by)));
        outputFor(command).show(runs, runs.map(formatLine).join('\n'));
      }),
    );
}

async function understood<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RunMissing || error instanceof RunRefused) {
      throw new CommandError(`${error.message}; see tickloom jobs list --all`);
    }
    throw error;
  }
}

const second = (ts: number | null): string => (ts === null ? '-' : `${formatUs(ts).slice(0, 19)}Z`);

function formatLine(run: ShownRun): string {
  const { run_id, job, subject, due_ts, state, attempts, step, last_error, next_try_at } = run;
  const more = [
    ...(state === 'running' && step !== null ? [step] : []),
    ...(attempts > 0 ? [`${attempts} failed`] : []),
    ...(next_try_at === null ? [] : [`next try ${second(next_try_at)}`]),
    ...(last_error === null || state === 'done' ? [] : [last_error.slice(0, 120)]),
  ];
  const head = `${run_id}  ${job} of ${subject} due ${second(due_ts)}  ${state}, ${age(run)}`;
  return more.length === 0 ? head : `${head}\n   ${more.join('; ')}`;
}

function formatRun(run: ShownRun): string {
  return [
    `run ${run.run_id}: ${run.job} of ${run.subject}, due at ${second(run.due_ts)}`,
    `state       ${run.state}, ${age(run)}`,
    `progress    ${run.step ?? '-'}`,
    `attempts    ${run.attempts} failed, ${run.outages} times put off for a server`,
    `last error  ${run.last_error ?? '-'}${run.cause === null ? '' : ` (${run.cause})`}`,
    `next try    ${second(run.next_try_at)}`,
    `started     ${second(run.started_at)}, last sign of life ${second(run.alive_at)}`,
    `finished    ${second(run.finished_at)}`,
    `detail      ${JSON.stringify(run.detail)}`,
  ].join('\n');
}

function age({ age_s: ageS }: ShownRun): string {
  if (ageS < 120) return `made due ${ageS} s ago`;
  return ageS < 7_200
    ? `made due ${Math.round(ageS / 60)} minutes ago`
    : `made due ${Math.round(ageS / 3_600)} hours ago`;
}

function number(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number from `tickloom jobs list --all`.');
}

function count(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number from 1 to 999999.');
}
