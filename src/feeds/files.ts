/** Feed files of any known format -> one stream of ticks with ids, in the order of the paths. */
import { nowUs } from '../clock.ts';
import { TickIds } from '../domain/tick-id.ts';
import type { Tick } from '../domain/wire.ts';
import { checkTick, isProblem } from '../stream/check-tick.ts';
import { binanceFrames } from './binance-frames.ts';
import { csv } from './csv.ts';
import { timeProblem } from './event-time.ts';
import {
  FeedFileError,
  printable,
  type Candidate,
  type FeedFormat,
  type FileTick,
  type FormatOptions,
  type LineProblem,
} from './format.ts';
import { leanQuote } from './lean-quote.ts';
import { splitLines } from './lines.ts';
import { ndjson } from './ndjson.ts';
import { textsIn, type FeedBytes } from './unpack.ts';

export const FORMATS: Readonly<Record<string, FeedFormat>> = {
  ndjson,
  csv,
  'binance-frames': binanceFrames,
  'lean-quote': leanQuote,
};

/** A line that is set apart, and its file. */
export interface FileProblem extends LineProblem {
  readonly file: string;
}

const FOUND_MAX = 120;

/** `day.csv:3: ts: there is no such day, found "2014-02-30"` */
export function problemText({ file, line, column, reason, found }: FileProblem): string {
  const where = column === null ? '' : `${column}: `;
  return printable(`${file}:${line}: ${where}${reason}, found "${found.slice(0, FOUND_MAX)}"`);
}

function refuse(problem: FileProblem): never {
  throw new FeedFileError(problemText(problem));
}

/**
 * Ticks as the wire takes them. A line that is none goes to `onProblem` and the rest is read on;
 * without it the first is an error. Throws `FeedFileError` for a file that is refused whole.
 */
export async function* readTickFiles(
  paths: readonly string[],
  format: string,
  options: FormatOptions,
  onProblem: (problem: FileProblem) => void = refuse,
): AsyncGenerator<FileTick> {
  const read = findFormat(format);
  const ids = new TickIds();
  for (const path of paths) {
    for await (const text of textsIn(path)) {
      for await (const parsed of parsedIn(text, read, options)) {
        const checked = 'entry' in parsed ? checkedTick(parsed) : parsed;
        if ('tick' in checked) {
          yield { tick: ids.assign(checked.tick), receivedUs: checked.receivedUs };
        } else {
          onProblem({ file: text.name, ...checked });
        }
      }
    }
  }
}

/**
 * Looks at the beginning of every file, so that one of another format, or that cannot be unpacked,
 * is refused before anything of the others is sent. Throws `FeedFileError`.
 */
export async function checkBeginnings(
  paths: readonly string[],
  format: string,
  options: FormatOptions,
): Promise<void> {
  const read = findFormat(format);
  for (const path of paths) {
    for await (const text of textsIn(path)) {
      const parsed = parsedIn(text, read, options);
      await parsed.next();
      await parsed.return(undefined);
    }
  }
}

const parsedIn = (
  { name, fileNames, bytes }: FeedBytes,
  read: FeedFormat,
  options: FormatOptions,
) => read({ name, fileNames, lines: splitLines(bytes, name) }, options);

function findFormat(format: string): FeedFormat {
  const read = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (read !== undefined) return read;
  throw new Error(`"${format}" is no format; there are ${Object.keys(FORMATS).join(', ')}`);
}

/** The check of the wire, and before it what is checked in files alone: what is refused is not sent. */
function checkedTick(candidate: Candidate): FileTick | LineProblem {
  const { line, kind, entry, time } = candidate;
  const now = nowUs();
  const wrongTime = typeof entry['ts'] === 'number' && timeProblem(entry['ts'], time.found, now);
  if (typeof wrongTime === 'string') {
    return { line, column: time.column, reason: wrongTime, found: time.found };
  }
  const tick = checkTick(kind, entry);
  if (isProblem(tick)) {
    const column = tick.field === 'ts' ? time.column : tick.field;
    const found = shown(tick.field === null ? entry : entry[tick.field]);
    return { line, column, reason: tick.detail, found };
  }
  const receivedUs = candidate.receivedUs ?? tick.ts;
  const wrongReceived = timeProblem(receivedUs, String(receivedUs), now);
  if (wrongReceived !== null) {
    const found = String(receivedUs);
    return { line, column: 'receive time', reason: wrongReceived, found };
  }
  return { tick: tick as Tick, receivedUs };
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
