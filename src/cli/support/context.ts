/**
 * What commands share: configuration with its flags, output for people or as JSON, exit codes.
 *
 * 0 done, 1 failed, 2 wrong usage, 78 wrong configuration.
 */
import type { Command } from 'commander';
import { ServerAway } from '../../runtime/server-probe.ts';
import { loadConfig, type Config } from '../../config/config.ts';
import { parseDurationUs, parseUs } from '../../domain/time.ts';
import { isSymbol } from '../../domain/records/fields.ts';
import { parseInstrumentKey } from '../../domain/wire.ts';
import { openContext, type Context } from '../../runtime/context.ts';
import type { Instrument } from '../../questdb/table.ts';
import { watched } from './watched-context.ts';

/** A command that failed in a way that people can act on: its message is all they see. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

export interface Output {
  /** One result: `json` as it is with `--json`, else `text`. */
  readonly show: (json: unknown, text: string) => void;
  /** Progress and remarks, on standard error, so that results can be piped. */
  readonly notify: (line: string) => void;
}

export const makeOutput = (json: boolean): Output => ({
  show: (value, text) => console.log(json ? JSON.stringify(value, null, 2) : text),
  notify: (line) => console.error(line),
});

/** As its own or its parents' `--json` sets it. */
export const outputFor = (command: Command): Output =>
  makeOutput(command.optsWithGlobals()['json'] === true);

/** A flag's instrument. What is none is wrong usage. */
export function instrumentOption(key: string): Instrument {
  const instrument = parseInstrumentKey(key);
  if (instrument === null) throw new CommandError(`"${key}" is not of the form venue:symbol`, 2);
  return instrument;
}

/** For a flag that may be given several times: `option(flags, text, repeated)`. */
export const repeated = (value: string, before: readonly string[] = []): string[] => [
  ...before,
  value,
];

/**
 * The names of a flag such as `--symbols`: given several times, each is a name as it is, so that it
 * may hold a comma; given once, commas part plain names. A list whose parts are none is one name.
 */
export function namesIn(
  values: readonly string[] | undefined,
  isName: (text: string) => boolean = isSymbol,
): string[] | undefined {
  const [only] = values ?? [];
  if (values === undefined || only === undefined) return undefined;
  if (values.length > 1) return [...values];
  const parts = only.split(',').map((part) => part.trim());
  return parts.every(isName) || !isName(only) ? parts : [only];
}

export const isInstrument = (key: string): boolean => parseInstrumentKey(key) !== null;

/**
 * Runs `work` with an open context that is closed whatever happens. A server that it uses and
 * that is away ends it within seconds, with a message that names it.
 */
export async function withContext<T>(
  role: string,
  work: (context: Context) => Promise<T>,
  config: Config = loadConfig(),
): Promise<T> {
  const context = openContext(config, role);
  let closing = (): Promise<void> => context.close();
  try {
    return await watched(context, work, (line) => console.error(line));
  } catch (error) {
    if (!(error instanceof ServerAway)) throw error;
    // What still waits for that server is not waited for.
    closing = async () => void context.close().catch(() => undefined);
    throw new CommandError(error.message);
  } finally {
    await closing();
  }
}

/** A flag's time in microseconds; undefined where it is not given. What is no time is wrong usage. */
export function timeOption(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parseUs(text);
  } catch (error) {
    throw new CommandError(`${flag}: ${(error as Error).message}`, 2);
  }
}

/** A flag's duration in microseconds. What is none is wrong usage. */
export function durationOption(flag: string, text: string): number {
  try {
    return parseDurationUs(text);
  } catch (error) {
    throw new CommandError(`${flag}: ${(error as Error).message}`, 2);
  }
}

/** Aborts on Ctrl-C or SIGTERM. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => controller.abort(new CommandError('interrupted', 130)));
  }
  return controller.signal;
}
