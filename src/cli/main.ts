/** `tickloom <noun> <verb>`: the command line. Each noun has its file in `commands`. */
import { Command, CommanderError } from 'commander';
import { CONFIG_EXIT_CODE, ConfigError, configHelp } from '../config.ts';
import { alertCommands, errorCommands } from './commands/alerts.ts';
import { accountCommands, botCommands } from './commands/bots.ts';
import { clockCommands } from './commands/clock.ts';
import { connectCommands } from './commands/connect.ts';
import { curateCommands } from './commands/curate.ts';
import { datasetCommands } from './commands/dataset.ts';
import { deadLettersCommands } from './commands/dead-letters.ts';
import { doctorCommands } from './commands/doctor.ts';
import { feedCommands } from './commands/feed.ts';
import { flowCommands } from './commands/flow.ts';
import { jobsCommands } from './commands/jobs.ts';
import { migrateCommands } from './commands/migrate.ts';
import { modelsCommands } from './commands/models.ts';
import { qualityCommands } from './commands/quality.ts';
import { repairCommands } from './commands/repair.ts';
import { replayCommands } from './commands/replay.ts';
import { runCommands } from './commands/run.ts';
import { stackCommands } from './commands/stack.ts';
import { topicsCommands } from './commands/topics.ts';
import { trainCommands } from './commands/train.ts';
import { CommandError } from './context.ts';

const program = new Command('tickloom')
  .description('Market data in over Kafka, decisions out, and every decision graded.')
  .option('--json', 'results as JSON')
  .addHelpText('after', `\n${configHelp()}`)
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();

stackCommands(program);
runCommands(program);
flowCommands(program);
feedCommands(program);
topicsCommands(program);
migrateCommands(program);
datasetCommands(program);
modelsCommands(program);
curateCommands(program);
trainCommands(program);
replayCommands(program);
jobsCommands(program);
botCommands(program);
accountCommands(program);
alertCommands(program);
clockCommands(program);
qualityCommands(program);
repairCommands(program);
errorCommands(program);
deadLettersCommands(program);
doctorCommands(program);
connectCommands(program);
for (const command of program.commands) inherit(command);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
// Open handles of a client library must not keep a finished command alive.
setTimeout(() => process.exit(), 2_000).unref();

/** Sub-commands fail the same way, and know `--json` at their end too. */
function inherit(command: Command): void {
  command.exitOverride().option('--json', 'results as JSON');
  for (const child of command.commands) inherit(child);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ConfigError) {
    console.error(error.message);
    return CONFIG_EXIT_CODE;
  }
  const known = error instanceof CommandError;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(`tickloom: ${message}`);
  if (!known && process.argv.includes('--verbose')) console.error(stack);
  return known ? error.exitCode : 1;
}
