/**
 * `tickloom train`: requests a training from the jobs process now, and reports how it goes.
 *
 * Now is the event time up to which the instrument is stored. The run is a row like any scheduled
 * one: whoever stops waiting loses nothing, and it is in `job_runs` with what came of it.
 */
import type { Command } from 'commander';
import { monotonicMs, sleep } from '../../clock.ts';
import { venueLateness } from '../../domain/venues.ts';
import { instrumentKey } from '../../domain/wire.ts';
import type { Context } from '../../runtime/context.ts';
import { addDueRuns, readRun, type JobRun } from '../../postgres/tables/job-runs.ts';
import { storedWatermarks } from '../../postgres/tables/stored-watermarks.ts';
import {
  CommandError,
  instrumentOption,
  interruptSignal,
  outputFor,
  withContext,
  type Output,
} from '../support/context.ts';
import { notStored } from '../support/known.ts';

const POLL_MS = 300;
const REPORT_MS = 10_000;

export function trainCommands(program: Command): void {
  program
    .command('train')
    .description('train and judge a candidate now, in the jobs process')
    .option('--symbol <key>', 'venue:symbol (default: every instrument)')
    .action(({ symbol }: { symbol?: string }, command: Command) =>
      withContext('cli', async (context) => {
        const output = outputFor(command);
        const runs = await requestTraining(context, symbol);
        const finished: JobRun[] = [];
        for (const run of runs) finished.push(await finishedRun(context, run, output));
        const lines = finished.map((run) => `${run.subject}: ${run.state}, ${runReason(run)}`);
        output.show(finished, lines.join('\n'));
        if (finished.some(({ state }) => state === 'failed')) {
          throw new CommandError('not every training came to its end');
        }
      }),
    );
}

type Due = Pick<JobRun, 'job' | 'subject' | 'due_ts'>;

async function requestTraining({ postgres, config }: Context, symbol?: string): Promise<Due[]> {
  if (symbol !== undefined) instrumentOption(symbol);
  const stored = (await storedWatermarks(postgres)).filter(
    (instrument) => symbol === undefined || instrumentKey(instrument) === symbol,
  );
  if (stored.length === 0) {
    throw notStored(symbol, (await storedWatermarks(postgres)).map(instrumentKey));
  }
  const runs: Due[] = [];
  for (const { venue, reachedTs, ...of } of stored) {
    const subject = instrumentKey({ venue, ...of });
    const due_ts = reachedTs - venueLateness(venue, config.latenessUs);
    await addDueRuns(postgres, 'training', [subject], due_ts);
    runs.push({ job: 'training', subject, due_ts });
  }
  return runs;
}

/** The run once it is done, refused or failed; what it is at is shown whenever that changes. */
async function finishedRun({ postgres }: Context, run: Due, output: Output): Promise<JobRun> {
  const signal = interruptSignal();
  const startMs = monotonicMs();
  let [before, reportedMs] = ['', startMs];
  for (;;) {
    const now = await readRun(postgres, run);
    if (now !== null && ['done', 'refused', 'failed'].includes(now.state)) return now;
    signal.throwIfAborted();
    const waits = 'waits for the jobs process (`tickloom run jobs`)';
    const step = now?.state === 'running' ? detailText(now, 'step') : waits;
    if (step !== before || monotonicMs() - reportedMs > REPORT_MS) {
      const seconds = Math.round((monotonicMs() - startMs) / 1000);
      output.notify(`${run.subject}: ${step} (${seconds} s)`);
      [before, reportedMs] = [step, monotonicMs()];
    }
    await sleep(POLL_MS, signal);
  }
}

const runReason = (run: JobRun): string => detailText(run, 'reason');

/** A text of the run's detail. */
function detailText({ detail, state }: JobRun, field: string): string {
  const text = detail[field];
  return typeof text === 'string' ? text : `${state}, no ${field} given`;
}
