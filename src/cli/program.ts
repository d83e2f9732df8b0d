/**
 * The command line as a program of its own: every noun with its verbs, and what becomes of their
 * errors. Each noun has its file in `commands`.
 */
import { Command, CommanderError } from 'commander';
import { codeVersion } from '../code-version.ts';
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
import { keysCommands } from './commands/keys.ts';
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

const NOUNS: readonly ((program: Command) => void)[] = [
  stackCommands,
  runCommands,
  flowCommands,
  feedCommands,
  topicsCommands,
  migrateCommands,
  datasetCommands,
  modelsCommands,
  curateCommands,
  trainCommands,
  replayCommands,
  jobsCommands,
  botCommands,
  accountCommands,
  alertCommands,
  clockCommands,
  qualityCommands,
  repairCommands,
  errorCommands,
  deadLettersCommands,
  doctorCommands,
  connectCommands,
  keysCommands,
];

/** A new one: commander keeps what it has parsed. */
export function makeProgram(): Command {
  const program = new Command('tickloom')
    .description('Market data in over Kafka, decisions out, and every decision graded.')
    .option('--json', 'results as JSON')
    .version(codeVersion(), '-V, --version', 'the version, and the commit where one is known')
    .addHelpText('after', `\n${configHelp()}`)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  for (const add of NOUNS) add(program);
  for (const command of program.commands) inherit(command);
  return program;
}

/** Runs the command that the words name; says what went wrong, and resolves with the exit code. */
export async function runCommand(words: readonly string[]): Promise<number | undefined> {
  try {
    await makeProgram().parseAsync([...words], { from: 'user' });
    return undefined;
  } catch (error) {
    return report(error, words.includes('--verbose'));
  }
}

/** Sub-commands fail the same way, and know `--json` at their end too. */
function inherit(command: Command): void {
  command.exitOverride().option('--json', 'results as JSON');
  for (const child of command.commands) inherit(child);
}

function report(error: unknown, isVerbose: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ConfigError) {
    console.error(error.message);
    return CONFIG_EXIT_CODE;
  }
  const known = error instanceof CommandError;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(`tickloom: ${message}`);
  if (!known && isVerbose) console.error(stack);
  return known ? error.exitCode : 1;
}
