/** The wire format, one record a line: a tick, or a frame of ticks. Heartbeats are left out. */
import { Compile } from 'typebox/compile';
import { QuoteTick, TradeTick, type Tick } from '../../domain/wire.ts';
import { FeedFormatError, linesOf } from './lines.ts';
import type { FeedFormat } from './format.ts';

const trade = Compile(TradeTick);
const quote = Compile(QuoteTick);
const isTick = (value: unknown): value is Tick => trade.Check(value) || quote.Check(value);

export const ndjson: FeedFormat = async function* (path) {
  for await (const { text, number } of linesOf(path)) {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new FeedFormatError(path, number, 'JSON', text);
    }
    for (const entry of Array.isArray(json) ? (json as unknown[]) : [json]) {
      if ((entry as { kind?: unknown } | null)?.kind === 'heartbeat') continue;
      if (!isTick(entry)) throw new FeedFormatError(path, number, 'a trade or quote', text);
      yield { tick: entry, receivedUs: entry.ts };
    }
  }
};
