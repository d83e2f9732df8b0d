/** `tickloom repair`: what a wrong clock has spoilt, and how it is made right from the log. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { formatUs } from '../../domain/time.ts';
import { isNothing, planRepair, repair, type RepairPlan } from '../../app/repair.ts';
import { outputFor, withContext } from '../support/context.ts';

export function repairCommands(program: Command): void {
  program
    .command('repair')
    .description('rebuild from the log what ticks and as-of barriers of the future have damaged')
    .option('--yes', 'do it; without it the command only shows what it would do')
    .action(run);
}

async function run({ yes = false }: { readonly yes?: boolean }, command: Command): Promise<void> {
  const output = outputFor(command);
  await withContext('cli', async (context) => {
    const plan = await planRepair(context);
    if (yes && !isNothing(plan)) await repair(context, plan, `os:${userInfo().username}`);
    output.show({ ...plan, done: yes && !isNothing(plan) }, formatPlan(plan, yes).join('\n'));
  });
}

function formatPlan(plan: RepairPlan, isDone: boolean): string[] {
  if (isNothing(plan)) return [`nothing lies ahead of the log's clock, ${formatUs(plan.nowUs)}`];
  const lines = plan.partitions.map(({ stage, topic, partition, barrierTs, instruments }) => {
    const what = [
      ...(barrierTs === null ? [] : [`an as-of barrier of ${formatUs(barrierTs)}`]),
      ...(instruments.length === 0 ? [] : [`poisoned: ${instruments.join(', ')}`]),
    ];
    return `${stage} of ${topic}/${partition}: ${what.join('; ')}`;
  });
  for (const { table, name, rows } of plan.tables) {
    lines.push(`${table}: ${rows} rows of the future in partition ${name}`);
  }
  if (plan.watermarks.length > 0) {
    lines.push(`stored up to a time of the future: ${plan.watermarks.join(', ')}`);
  }
  if (plan.runs > 0) lines.push(`${plan.runs} jobs are due in the future`);
  lines.push(
    isDone
      ? 'Done: these partitions are read again from the beginning of the log, rows of the future ' +
          'are dropped, and those jobs have ended. What was fed then stays in quality_events, and ' +
          'an instrument that ran ahead by a clock that was held back does so again.'
      : 'With --yes both stages read these partitions again from the beginning of the log, rows ' +
          'of the future are dropped, and those jobs end. What was booked stays booked.',
  );
  return lines;
}
