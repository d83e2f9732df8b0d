/** Feed files of any known format -> one stream of ticks with ids, in the order of the paths. */
import { TickIds } from '../../domain/tick-id.ts';
import { binanceFrames } from './binance-frames.ts';
import { csv } from './csv.ts';
import type { FeedFormat, FileTick, FormatOptions } from './format.ts';
import { leanQuote } from './lean-quote.ts';
import { ndjson } from './ndjson.ts';

export const FORMATS: Readonly<Record<string, FeedFormat>> = {
  ndjson,
  csv,
  'binance-frames': binanceFrames,
  'lean-quote': leanQuote,
};

/** Throws when the format is unknown or a line is not of it, naming file and line. */
export async function* ticksOfFiles(
  paths: readonly string[],
  format: string,
  options: FormatOptions,
): AsyncGenerator<FileTick> {
  const read = FORMATS[format];
  if (read === undefined) {
    throw new Error(`"${format}" is no format; there are ${Object.keys(FORMATS).join(', ')}`);
  }
  const ids = new TickIds();
  for (const path of paths) {
    for await (const { tick, receivedUs } of read(path, options)) {
      yield { tick: ids.assign(tick), receivedUs };
    }
  }
}
