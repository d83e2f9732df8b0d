/**
 * The command line as a program of its own: every noun with its verbs, and what becomes of their
 * errors. Each noun has its file in `commands`.
 */
import { Command, CommanderError } from 'commander';
import { codeVersion } from '../code-version.ts';
import { CONFIG_EXIT_CODE, ConfigError, configHelp } from '../config/config.ts';
import { CommandError } from './support/context.ts';

/** Each is loaded when it is needed: all of them together take a second. */
const NOUNS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  stack: async () => (await import('./commands/stack.ts')).stackCommands,
  run: async () => (await import('./commands/run.ts')).runCommands,
  flow: async () => (await import('./commands/flow.ts')).flowCommands,
  feed: async () => (await import('./commands/feed.ts')).feedCommands,
  topics: async () => (await import('./commands/topics.ts')).topicsCommands,
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommands,
  dataset: async () => (await import('./commands/dataset.ts')).datasetCommands,
  models: async () => (await import('./commands/models.ts')).modelsCommands,
  curate: async () => (await import('./commands/curate.ts')).curateCommands,
  train: async () => (await import('./commands/train.ts')).trainCommands,
  replay: async () => (await import('./commands/replay.ts')).replayCommands,
  jobs: async () => (await import('./commands/jobs.ts')).jobsCommands,
  bots: async () => (await import('./commands/bots.ts')).botCommands,
  accounts: async () => (await import('./commands/bots.ts')).accountCommands,
  alerts: async () => (await import('./commands/alerts.ts')).alertCommands,
  clock: async () => (await import('./commands/clock.ts')).clockCommands,
  quality: async () => (await import('./commands/quality.ts')).qualityCommands,
  repair: async () => (await import('./commands/repair.ts')).repairCommands,
  errors: async () => (await import('./commands/alerts.ts')).errorCommands,
  'dead-letters': async () => (await import('./commands/dead-letters.ts')).deadLettersCommands,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommands,
  connect: async () => (await import('./commands/connect.ts')).connectCommands,
  keys: async () => (await import('./commands/keys.ts')).keysCommands,
};

/** A new one, as commander keeps what it has parsed: with this noun alone, or with all of them. */
export async function makeProgram(noun?: string, typed: Words = []): Promise<Command> {
  const program = new Command('tickloom')
    .description('Market data in over Kafka, decisions out, and every decision graded.')
    .option('--json', 'results as JSON')
    .version(codeVersion(), '-V, --version', 'the version, and the commit where one is known')
    .addHelpText('after', `\n${configHelp()}`)
    .configureOutput({ outputError: (text, write) => write(legible(text, typed)) })
    .exitOverride();
  const own = noun !== undefined && Object.hasOwn(NOUNS, noun) ? NOUNS[noun] : undefined;
  const loaders = own === undefined ? Object.values(NOUNS) : [own];
  for (const add of await Promise.all(loaders.map((load) => load()))) add(program);
  for (const command of program.commands) inherit(command);
  return program;
}

type Words = readonly string[];

/** Runs the command that the words name; says what went wrong, and resolves with the exit code. */
export async function runCommand(words: readonly string[]): Promise<number | undefined> {
  try {
    const program = await makeProgram(
      words.find((word) => !word.startsWith('-')),
      words,
    );
    await program.parseAsync([...words], { from: 'user' });
    return undefined;
  } catch (error) {
    return report(error, words);
  }
}

/** Sub-commands fail the same way, and know `--json` at their end too. */
function inherit(command: Command): void {
  command.exitOverride().option('--json', 'results as JSON');
  for (const child of command.commands) inherit(child);
}

function report(error: unknown, words: Words): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ConfigError) {
    console.error(error.message);
    return CONFIG_EXIT_CODE;
  }
  const known = error instanceof CommandError;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(`tickloom: ${legible(message, words)}`);
  if (!known && words.includes('--verbose')) console.error(stack);
  return known ? error.exitCode : 1;
}

const WORD_MAX = 200;

/** A message in which whatever was typed is short and on one line. */
function legible(message: string, typed: Words): string {
  const values = typed.flatMap((word) => [word, word.slice(word.indexOf('=') + 1)]);
  const odd = values.filter((word) => word.length > WORD_MAX || /\p{Cc}/u.test(word));
  return odd.reduce((text, word) => text.replaceAll(word, () => shorten(word)), message);
}

function shorten(word: string): string {
  const line = JSON.stringify(word.slice(0, WORD_MAX)).slice(1, -1);
  return word.length > WORD_MAX ? `${line}… (${word.length} characters)` : line;
}
