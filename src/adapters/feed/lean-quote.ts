/** LEAN's zipped quote ticks: `milliseconds since midnight UTC,bid,ask`, one file a day. */
import { basename } from 'node:path';
import { parseUs, US_PER_MS } from '../../domain/time.ts';
import { FeedFormatError, linesOf } from './lines.ts';
import type { FeedFormat } from './format.ts';

export const leanQuote: FeedFormat = async function* (path, { venue, symbol, date }) {
  const midnightUs = parseUs(date ?? dateIn(path));
  for await (const { text, number } of linesOf(path)) {
    const fields = text.split(',');
    const [ms, bid, ask] = fields.map(Number);
    const whole = Number.isInteger(ms) && fields.length >= 3;
    if (!whole || !(bid !== undefined && bid > 0) || !(ask !== undefined && ask > 0)) {
      throw new FeedFormatError(path, number, 'milliseconds,bid,ask', text);
    }
    const ts = midnightUs + (ms ?? 0) * US_PER_MS;
    yield { tick: { kind: 'quote', venue, symbol, ts, bid, ask }, receivedUs: ts };
  }
};

/** `20140501_quote.zip` -> `2014-05-01`. */
function dateIn(path: string): string {
  const match = /^(\d{4})(\d\d)(\d\d)_/.exec(basename(path));
  if (match === null) {
    throw new Error(`${path}: its name does not begin with a date such as 20140501_; give --date`);
  }
  return `${match[1]}-${match[2]}-${match[3]}`;
}
