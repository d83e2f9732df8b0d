/** LEAN's zipped quote ticks of currencies: `milliseconds since midnight UTC,bid,ask`, a file a day. */
import { parseUs, US_PER_DAY, US_PER_MS } from '../domain/time.ts';
import { TICK_DECIMAL_RE } from '../domain/records/fields.ts';
import { FeedFileError, type FeedFormat } from './format.ts';

export const leanQuote: FeedFormat = async function* (text, { venue, symbol, date }) {
  const midnightUs = parseUs(date ?? dateIn(text.fileNames, text.name));
  for await (const { text: row, number: line } of text.lines) {
    const cells = row.split(',').map((cell) => cell.trim());
    const [ms = '', bid = '', ask = ''] = cells;
    const problem = (column: string | null, reason: string, found = row) => ({
      line,
      column,
      reason,
      found,
    });
    const afterUs = /^\d{1,9}$/.test(ms) ? Number(ms) * US_PER_MS : NaN;
    // Files of shares and coins have sizes between: their third cell is no ask.
    if (cells.length !== 3) yield problem(null, 'expected milliseconds,bid,ask');
    else if (!(afterUs < US_PER_DAY)) {
      yield problem('milliseconds', 'expected whole milliseconds of one day', ms);
    } else if (!TICK_DECIMAL_RE.test(bid)) yield problem('bid', 'expected a number', bid);
    else if (!TICK_DECIMAL_RE.test(ask)) yield problem('ask', 'expected a number', ask);
    else {
      const ts = midnightUs + afterUs;
      const quote = { kind: 'quote', venue, symbol, ts, bid: Number(bid), ask: Number(ask) };
      const time = { column: 'milliseconds', found: ms };
      yield { line, kind: 'quote', entry: quote, receivedUs: null, time };
    }
  }
};

/** `20140501_quote.zip` -> `2014-05-01`. */
function dateIn(names: readonly string[], name: string): string {
  for (const each of names) {
    const match = /^(\d{4})(\d\d)(\d\d)_/.exec(each);
    if (match !== null) return `${match[1]}-${match[2]}-${match[3]}`;
  }
  throw new FeedFileError(
    `${name}: its name does not begin with a date such as 20140501_; give --date`,
  );
}
