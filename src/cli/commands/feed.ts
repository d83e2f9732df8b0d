/** `tickloom feed file | check | synthetic`: ticks into the log, and whether files are sound. */
import { existsSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import {
  checkBeginnings,
  FORMATS,
  problemText,
  readTickFiles,
  type FileProblem,
} from '../../feeds/files.ts';
import { FeedFileError, type FileTick, type FormatOptions } from '../../feeds/format.ts';
import { asClaimed, KNOWN_AT_TS } from '../../feeds/known-at.ts';
import { parseUs } from '../../domain/time.ts';
import { isSymbol, SYMBOL_RULE, VENUE_RE, VENUE_RULE } from '../../domain/records/fields.ts';
import { instrumentKey } from '../../domain/wire.ts';
import { DEFAULT_RATE } from '../../market/synthetic.ts';
import { mergedTrades } from '../../market/merged.ts';
import { runFeed, type FeedRun } from '../../../pipelines/feed/feeding.ts';
import { drained } from '../../runtime/drained.ts';
import {
  CommandError,
  interruptSignal,
  namesIn,
  outputFor,
  repeated,
  timeOption,
  withContext,
} from '../support/context.ts';

interface CheckFlags {
  readonly format: string;
  readonly venue?: string;
  readonly symbol?: string;
  readonly date?: string;
}

interface FileFlags extends CheckFlags {
  readonly speed: string;
  readonly skipBad?: boolean;
  readonly backfill?: boolean;
  readonly knownAt?: string;
  readonly barriers?: boolean;
  readonly open?: boolean;
}

interface SyntheticFlags {
  readonly symbols: readonly string[];
  readonly seed: string;
  readonly from: string;
  readonly to: string;
  readonly rate: string;
  readonly edge: string;
  readonly venue: string;
  readonly barriers?: boolean;
  readonly open?: boolean;
}

const KNOWN_AT_HELP =
  'a recording: each tick was known when it happened (ts), or since a column of the CSV says';

export function feedCommands(program: Command): void {
  const feeds = program.command('feed').description('send ticks into the log');
  filesCommand(feeds, 'file', 'replay recorded ticks')
    .option('--speed <speed>', 'max, realtime, or a factor such as 60', 'max')
    .option('--backfill', 'history behind what was already seen')
    .option('--known-at <ts|column>', KNOWN_AT_HELP)
    .option('--barriers', 'wait at each event time at which a job is due')
    .option('--open', 'no heartbeat at the end: the last candles stay open')
    .option('--skip-bad', 'lines that are set apart are counted, and are no failure')
    .action(feedFile);
  filesCommand(feeds, 'check', 'read files as `feed file` would, and send nothing').action(check);
  feeds
    .command('synthetic')
    .description('generate a market; the same seed gives the same bytes')
    .requiredOption('--symbols <symbols>', 'A,B,… or several times', repeated)
    .requiredOption('--seed <seed>', 'a whole number')
    .requiredOption('--from <time>', 'RFC 3339 or a UTC date')
    .requiredOption('--to <time>', 'RFC 3339 or a UTC date')
    .option('--rate <rate>', 'trades a second and symbol', String(DEFAULT_RATE))
    .option('--edge <edge>', 'none | planted', 'none')
    .option('--venue <venue>', 'venue name', 'synthetic')
    .option('--barriers', 'wait at each event time at which a job is due')
    .option('--open', 'no heartbeat at the end: the last candles stay open')
    .action(feedSynthetic);
}

const filesCommand = (feeds: Command, name: string, description: string): Command =>
  feeds
    .command(name)
    .argument('<paths...>', 'files, in the order of their time; gzip and zip are unpacked')
    .description(description)
    .requiredOption('--format <format>', Object.keys(FORMATS).join(' | '))
    .option('--venue <venue>', 'where the file does not have it')
    .option('--symbol <symbol>', 'where the file does not have it')
    .option('--date <date>', 'UTC day of files whose times count from midnight');

async function feedFile(paths: string[], flags: FileFlags, command: Command): Promise<void> {
  const options = { ...formatOptions(paths, flags), ...knownAtColumn(flags) };
  const speed = parseSpeed(flags.speed);
  await checkBeginnings(onDisk(paths), flags.format, options).catch(failed);
  const apart = new SetApart(outputFor(command).notify);
  const source = readTickFiles(paths, flags.format, options, apart.add);
  const claims = claimed(readable(source), flags);
  await feed(command, { source: claims, speed, ...switches(flags) }, apart);
  if (flags.skipBad !== true) apart.refuse('the others are sent');
}

async function check(paths: string[], flags: CheckFlags, command: Command): Promise<void> {
  const output = outputFor(command);
  const options = formatOptions(paths, flags);
  const apart = new SetApart(output.notify);
  const names = new Set<string>();
  let ticks = 0;
  for await (const { tick } of readable(readTickFiles(paths, flags.format, options, apart.add))) {
    ticks += 1;
    names.add(instrumentKey(tick));
  }
  const instruments = [...names];
  const found = { ticks, instruments, ...apart.counted() };
  output.show(found, `${formatTicks(ticks, instruments)} can be fed${apart.text()}`);
  apart.refuse('nothing was sent');
}

const formatTicks = (ticks: number, names: readonly string[]): string =>
  names.length === 0 ? 'no ticks' : `${ticks} ticks of ${names.join(', ')}`;

const SHOWN_MAX = 20;

/** Lines that are set apart: the first are shown at once, all are counted. */
class SetApart {
  private readonly notify: (line: string) => void;
  private readonly shown: FileProblem[] = [];
  private count = 0;

  constructor(notify: (line: string) => void) {
    this.notify = notify;
  }

  readonly add = (problem: FileProblem): void => {
    this.count += 1;
    if (this.count > SHOWN_MAX) return;
    this.shown.push(problem);
    this.notify(problemText(problem));
  };

  counted(): { set_apart: number; problems: readonly FileProblem[] } {
    return { set_apart: this.count, problems: this.shown };
  }

  text(): string {
    const more = this.count > SHOWN_MAX ? ` (the first ${SHOWN_MAX} are shown above)` : '';
    return this.count === 0 ? '' : `, ${this.count} set apart${more}`;
  }

  refuse(others: string): void {
    if (this.count === 0) return;
    throw new CommandError(
      `${this.count} lines or ticks are set apart, ${others}: mend the files and feed them again ` +
        '(what is known already changes nothing), or leave them out with --skip-bad',
    );
  }
}

function formatOptions(paths: readonly string[], flags: CheckFlags): FormatOptions {
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) throw new CommandError(`there is no file "${missing}"`, 2);
  if (!Object.hasOwn(FORMATS, flags.format)) {
    const known = Object.keys(FORMATS).join(', ');
    throw new CommandError(`"${flags.format}" is no format; there are ${known}`, 2);
  }
  // Lines of NDJSON name their instrument; the header of a CSV file says whether its rows do.
  const named = flags.format === 'ndjson' || flags.format === 'csv';
  const venue = flags.venue ?? (named ? '' : needed('venue'));
  const symbol = flags.symbol ?? (named ? '' : needed('symbol'));
  if (flags.venue !== undefined) checkVenue(venue);
  if (flags.symbol !== undefined) checkSymbol('symbol', symbol);
  timeOption('--date', flags.date);
  return { venue, symbol, date: flags.date };
}

/** What is no file (a pipe) can be read once only. */
const onDisk = (paths: readonly string[]): string[] =>
  paths.filter((path) => statSync(path).isFile());

/** A file that cannot be read on is the user's to mend, not a fault of this program. */
async function* readable(ticks: AsyncIterable<FileTick>): AsyncGenerator<FileTick> {
  try {
    yield* ticks;
  } catch (error) {
    failed(error);
  }
}

function failed(error: unknown): never {
  throw error instanceof FeedFileError ? new CommandError(error.message) : error;
}

type Claim = Pick<FileFlags, 'knownAt' | 'format'>;

/** The column of the file that `--known-at` names, if it names one. */
function knownAtColumn({ knownAt, format }: Claim): { readonly knownAt?: string } {
  if (knownAt === undefined || knownAt === KNOWN_AT_TS) return {};
  if (format === 'csv') return { knownAt: knownAt.toLowerCase() };
  const why = `a file of format ${format} has no column "${knownAt}"`;
  throw new CommandError(`--known-at: ${why}; "ts" is known when it happened`, 2);
}

const claimed = <Source extends AsyncIterable<FileTick>>(source: Source, { knownAt }: Claim) =>
  knownAt === undefined ? source : asClaimed(source, knownAt);

async function feedSynthetic(flags: SyntheticFlags, command: Command): Promise<void> {
  const { edge } = flags;
  if (edge !== 'none' && edge !== 'planted') {
    throw new CommandError(`"${edge}" is no edge; there are none and planted`, 2);
  }
  const symbols = namesIn(flags.symbols) ?? [];
  for (const symbol of symbols) checkSymbol('symbols', symbol);
  checkVenue(flags.venue);
  const { venue } = flags;
  const [seed, rate] = [Number(flags.seed), Number(flags.rate)];
  if (!/^-?\d+$/.test(flags.seed) || !Number.isSafeInteger(seed)) {
    throw new CommandError(`--seed "${flags.seed}" is no whole number`, 2);
  }
  if (!isPlainNumber(flags.rate) || !(rate > 0 && rate <= 10_000)) {
    throw new CommandError(`--rate "${flags.rate}" is no number above 0 and up to 10000`, 2);
  }
  const [fromUs, toUs] = [parseTime('from', flags.from), parseTime('to', flags.to)];
  if (fromUs >= toUs) throw new CommandError('--from is not before --to', 2);
  const source = mergedTrades({ seed, venue, symbols, fromUs, toUs, rate, edge });
  await feed(command, { source, ...switches(flags) });
}

async function feed(
  command: Command,
  run: Omit<FeedRun, 'notify' | 'signal'>,
  apart?: SetApart,
): Promise<void> {
  const output = outputFor(command);
  const signal = interruptSignal();
  await withContext('feed', async (context) => {
    const result = await runFeed(context, { ...run, notify: output.notify, signal });
    if (run.syncPoints && !signal.aborted) {
      const open = await drained(context, 600_000);
      if (open.length > 0) throw new CommandError(`not drained:\n  ${open.join('\n  ')}`);
    }
    const { ticks, instruments } = result;
    const names = [...instruments];
    const text = `${formatTicks(ticks, names)} sent${apart?.text() ?? ''}`;
    output.show({ ticks, instruments: names, ...apart?.counted() }, text);
  });
  if (signal.aborted)
    throw new CommandError('interrupted; feeding the same again is harmless', 130);
}

const switches = (flags: Pick<FileFlags, 'backfill' | 'barriers' | 'open' | 'knownAt'>) => ({
  backfill: flags.backfill === true,
  imported: flags.knownAt !== undefined,
  syncPoints: flags.barriers === true,
  open: flags.open === true,
});

function needed(name: string): never {
  throw new CommandError(`--${name} is needed for this format`, 2);
}

function checkVenue(venue: string): void {
  if (VENUE_RE.test(venue)) return;
  throw new CommandError(`--venue "${venue}" is not ${VENUE_RULE}`, 2);
}

function checkSymbol(flag: string, symbol: string): void {
  if (isSymbol(symbol)) return;
  throw new CommandError(`--${flag} "${symbol}" is not ${SYMBOL_RULE}`, 2);
}

function parseTime(name: string, text: string): number {
  try {
    return parseUs(text);
  } catch (error) {
    throw new CommandError(`--${name}: ${(error as Error).message}`, 2);
  }
}

/** Not `0x10` or `1e3`, which nobody means here. */
const isPlainNumber = (text: string): boolean => /^\d{1,9}(\.\d{1,9})?$/.test(text);

function parseSpeed(text: string): number {
  if (text === 'max') return 0;
  if (text === 'realtime') return 1;
  if (isPlainNumber(text) && Number(text) > 0) return Number(text);
  throw new CommandError(`--speed "${text}" is neither max, realtime nor a factor`, 2);
}
