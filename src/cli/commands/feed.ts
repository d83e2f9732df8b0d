/** `tickloom feed file | synthetic`: ticks into the log. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { FORMATS, ticksOfFiles } from '../../adapters/feed/files.ts';
import { parseUs } from '../../domain/time.ts';
import { SYMBOL_RE, VENUE_RE } from '../../domain/wire.ts';
import { DEFAULT_RATE } from '../../market/synthetic.ts';
import { mergedTrades } from '../../market/merged.ts';
import { runFeed, type FeedRun } from '../../processes/feeding.ts';
import { settled } from '../../processes/settled.ts';
import { CommandError, interruptSignal, outputFor, withContext } from '../context.ts';

interface FileFlags {
  readonly format: string;
  readonly venue?: string;
  readonly symbol?: string;
  readonly date?: string;
  readonly speed: string;
  readonly backfill?: boolean;
  readonly barriers?: boolean;
  readonly open?: boolean;
}

interface SyntheticFlags {
  readonly symbols: string;
  readonly seed: string;
  readonly from: string;
  readonly to: string;
  readonly rate: string;
  readonly edge: string;
  readonly venue: string;
  readonly barriers?: boolean;
  readonly open?: boolean;
}

export function feedCommands(program: Command): void {
  const feeds = program.command('feed').description('ticks into the log');
  feeds
    .command('file')
    .argument('<paths...>', 'files, in the order of their time; .gz and .zip are unpacked')
    .description('replay recorded ticks')
    .requiredOption('--format <format>', Object.keys(FORMATS).join(' | '))
    .option('--venue <venue>', 'where the file does not say it')
    .option('--symbol <symbol>', 'where the file does not say it')
    .option('--date <date>', 'UTC day of files whose times count from midnight')
    .option('--speed <speed>', 'max, realtime, or a factor such as 60', 'max')
    .option('--backfill', 'history behind what was already seen')
    .option('--barriers', 'wait at each event time at which a job is due')
    .option('--open', 'no heartbeat at the end: the last candles stay open')
    .action(feedFile);
  feeds
    .command('synthetic')
    .description('a seeded market: the same seed gives the same bytes')
    .requiredOption('--symbols <symbols>', 'A,B,…')
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

async function feedFile(paths: string[], flags: FileFlags, command: Command): Promise<void> {
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) throw new CommandError(`there is no file "${missing}"`, 2);
  if (!Object.hasOwn(FORMATS, flags.format)) {
    const known = Object.keys(FORMATS).join(', ');
    throw new CommandError(`"${flags.format}" is no format; there are ${known}`, 2);
  }
  const named = flags.format === 'ndjson';
  const venue = checked('venue', flags.venue ?? (named ? 'none' : undefined), VENUE_RE);
  const symbol = checked('symbol', flags.symbol ?? (named ? 'none' : undefined), SYMBOL_RE);
  const source = ticksOfFiles(paths, flags.format, { venue, symbol, date: flags.date });
  await feed(command, { source, speed: speedOf(flags.speed), ...switches(flags) });
}

async function feedSynthetic(flags: SyntheticFlags, command: Command): Promise<void> {
  const { edge } = flags;
  if (edge !== 'none' && edge !== 'planted') {
    throw new CommandError(`"${edge}" is no edge; there are none and planted`, 2);
  }
  const symbols = flags.symbols.split(',').map((symbol) => checked('symbols', symbol, SYMBOL_RE));
  const venue = checked('venue', flags.venue, VENUE_RE);
  const [seed, rate] = [Number(flags.seed), Number(flags.rate)];
  if (!Number.isSafeInteger(seed)) throw new CommandError(`--seed is no whole number`, 2);
  if (!(rate > 0 && rate <= 10_000)) throw new CommandError('--rate is not from 0 to 10000', 2);
  const [fromUs, toUs] = [timeOf('from', flags.from), timeOf('to', flags.to)];
  if (fromUs >= toUs) throw new CommandError('--from is not before --to', 2);
  const source = mergedTrades({ seed, venue, symbols, fromUs, toUs, rate, edge });
  await feed(command, { source, ...switches(flags) });
}

async function feed(command: Command, run: Omit<FeedRun, 'say' | 'signal'>): Promise<void> {
  const output = outputFor(command);
  const signal = interruptSignal();
  await withContext('feed', async (context) => {
    const result = await runFeed(context, { ...run, say: output.say, signal });
    if (run.barriers && !signal.aborted) {
      const open = await settled(context, 600_000);
      if (open.length > 0) throw new CommandError(`not settled:\n  ${open.join('\n  ')}`);
    }
    const { ticks, instruments } = result;
    const names = [...instruments];
    output.show({ ticks, instruments: names }, `${ticks} ticks of ${names.join(', ')} sent`);
  });
  if (signal.aborted)
    throw new CommandError('interrupted; feeding the same again is harmless', 130);
}

const switches = (flags: Pick<FileFlags, 'backfill' | 'barriers' | 'open'>) => ({
  backfill: flags.backfill === true,
  barriers: flags.barriers === true,
  open: flags.open === true,
});

function checked(name: string, value: string | undefined, pattern: RegExp): string {
  if (value === undefined) throw new CommandError(`--${name} is needed for this format`, 2);
  if (pattern.test(value)) return value;
  throw new CommandError(`--${name} "${value}" does not match ${pattern.source}`, 2);
}

function timeOf(name: string, text: string): number {
  try {
    return parseUs(text);
  } catch (error) {
    throw new CommandError(`--${name}: ${(error as Error).message}`, 2);
  }
}

function speedOf(text: string): number {
  if (text === 'max') return 0;
  const speed = text === 'realtime' ? 1 : Number(text);
  if (speed > 0) return speed;
  throw new CommandError(`--speed "${text}" is neither max, realtime nor a factor`, 2);
}
