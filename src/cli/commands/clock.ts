/** `tickloom clock show | accept`: the installation's clock as the log has it. */
import type { Command } from 'commander';
import { nowUs } from '../../clock.ts';
import { formatUs } from '../../domain/time.ts';
import { clockRecords } from '../../../pipelines/control/clock-sender.ts';
import { partitionClocks, type PartitionClock } from '../../postgres/tables/log-clocks.ts';
import { CommandError, outputFor, withContext } from '../support/context.ts';

export function clockCommands(program: Command): void {
  const clock = program
    .command('clock')
    .description("show or accept the installation's clock in the log");
  clock
    .command('show')
    .description("show each partition's clock: it limits what is due and what may be deleted")
    .action(show);
  clock
    .command('accept')
    .description("confirm this machine's clock after a jump, so that it is used again")
    .option('--yes', 'do it')
    .action(accept);
}

async function show(_flags: object, command: Command): Promise<void> {
  await withContext('cli', async ({ postgres, topicName }) => {
    const clocks = await partitionClocks(postgres, topicName('ticks'));
    const lines = clocks.map(formatLine);
    if (lines.length === 0) lines.push('no clock has passed yet: start the stages');
    outputFor(command).show(clocks.map(toJson), lines.join('\n'));
  });
}

function formatLine({ topic, partition, clockUs, heldUs }: PartitionClock): string {
  const held =
    heldUs === null
      ? ''
      : `  held back: ${formatUs(heldUs)} (tickloom clock accept takes it, if it is right)`;
  return `${topic}/${partition}  ${clockUs === null ? 'none yet' : formatUs(clockUs)}${held}`;
}

const toJson = ({ topic, partition, clockUs, heldUs }: PartitionClock) => ({
  topic,
  partition,
  clock: clockUs === null ? null : formatUs(clockUs),
  held: heldUs === null ? null : formatUs(heldUs),
});

async function accept({ yes }: { readonly yes?: boolean }, command: Command): Promise<void> {
  await withContext('cli', async (context) => {
    const ts = nowUs();
    const statement = `this machine's clock says ${formatUs(ts)}`;
    if (yes !== true) {
      throw new CommandError(
        `${statement}: if that is right, --yes makes it the installation's. Jobs become due by it.`,
        2,
      );
    }
    await context.outLog().append(await clockRecords(context, { ts, accepted: true }));
    outputFor(command).show(
      { clock: formatUs(ts) },
      `${statement}, and so does the log from here on`,
    );
  });
}
