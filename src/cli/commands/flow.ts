/** `tickloom flow`: the graph with its lag; `tickloom flow wait`: until it is drained. */
import type { Command } from 'commander';
import { FLOW, TOPICS } from '../../../pipelines/flow.ts';
import { US_PER_MS } from '../../domain/time.ts';
import { judgePositions, misfits } from '../../runtime/log-positions.ts';
import { drained } from '../../runtime/drained.ts';
import { CommandError, durationOption, outputFor, withContext } from '../support/context.ts';

export function flowCommands(program: Command): void {
  const flow = program
    .command('flow')
    .description('show the graph: stages, topics, tables, lag')
    .action((_options, command: Command) =>
      withContext('cli', async (context) => {
        const lags = await context.flowProbe().lags();
        const lagByStage = new Map(lags.map(({ stage, lag }) => [stage, lag]));
        const topics = TOPICS.map(({ name }) => context.topicName(name));
        const judged = await judgePositions(context, topics, { reads: false });
        const lines = FLOW.map(({ name, reads, writes, does }) => {
          const lag = lagByStage.get(name);
          const wrong = misfits(judged.filter(({ stage }) => stage === name));
          const behind =
            wrong.length > 0
              ? `  NOT in the log that it has read\n           ${wrong.join('\n           ')}`
              : lag === undefined
                ? ''
                : `  lag ${lag}`;
          const arrow = `${reads.join(', ') || '-'} -> ${writes.join(', ')}`;
          return `${name.padEnd(10)} ${arrow}${behind}\n${' '.repeat(11)}${does}`;
        });
        const json = { flow: FLOW, lags, misfits: misfits(judged) };
        outputFor(command).show(json, lines.join('\n'));
      }),
    );
  flow
    .command('wait')
    .description('wait until the log is processed by every stage and no job is open')
    .option('--timeout <duration>', 'give up after this long', '120s')
    .action(async ({ timeout }: { timeout: string }) => {
      const waitUs = durationOption('--timeout', timeout);
      await withContext('cli', async (context) => {
        const open = await drained(context, waitUs / US_PER_MS);
        if (open.length > 0) {
          throw new CommandError(`not drained within ${timeout}:\n  ${open.join('\n  ')}`);
        }
      });
    });
}
