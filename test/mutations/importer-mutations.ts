/** Mutations of what is a tick, of what the importer sets apart, and of quotes without a price. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const CHECK = 'src/stream/check-tick.ts';
const WIRE = 'src/domain/records/fields.ts';
const CSV = 'src/feeds/csv.ts';
const FILES = 'src/feeds/files.ts';
const TIME = 'src/domain/time.ts';
const FRAMES = 'src/feeds/binance-frames.ts';
const UNPACK = 'src/feeds/unpack.ts';

const wire = testsIn('test/stream/check-tick.test.ts', 'the wire');
const symbolScan = testsIn('test/stream/tick-scanner.test.ts', 'the scanner takes');
const times = testsIn('test/domain/time.test.ts', 'times as text');
const row = testsIn(
  'test/feeds/cases.test.ts',
  'a row of CSV is set apart, and its neighbours are fed',
);
const cases = testsIn('test/feeds/cases.test.ts', 'a file of the public cases');
const header = testsIn('test/feeds/cases.test.ts', 'a header is refused before anything is sent');
const bytes = testsIn('test/feeds/cases.test.ts', 'bytes');
const others = testsIn('test/feeds/cases.test.ts', 'other formats');
const files = testsIn('test/feeds/files.test.ts', 'feed files');
const frames = testsIn('test/feeds/binance-frames.test.ts', 'Binance frames');
const candles = testsIn('test/pipelines/stream/candles.test.ts', 'candles');
const fills = testsIn('test/pipelines/stream/fills.test.ts', 'fills');
const rows = testsIn('test/pipelines/sink/sink.test.ts', 'rows');

const ONE_SIDE = 'a quote of one side is a quote without a price; one of none is dead';
const VISIBLE = 'symbols are taken as venues have them, if they can be seen and told apart';

export const IMPORTER_MUTATIONS: readonly Mutation[] = [
  mutation(
    'overflow-taken',
    wire('a price of "1e999"'),
    CHECK,
    'size < AMOUNT_MAX)',
    'size <= Infinity)',
  ),
  mutation(
    'underflow-taken-as-zero',
    wire('a price of "1e-999"'),
    CHECK,
    'if (!isLost && (',
    'if ((',
  ),
  mutation(
    'price-of-zero',
    wire('a price of "0e5"'),
    CHECK,
    'Number(value) > 0)',
    'Number(value) >= 0)',
  ),
  mutation(
    'quote-of-no-side',
    wire(ONE_SIDE),
    CHECK,
    'if (bid === null && ask === null) {',
    'if (bid === null && ask === null && tick.id === null) {',
  ),
  mutation(
    'null-is-no-absence',
    wire('null in an optional field is the same as no field'),
    WIRE,
    'Type.Optional(nullable(kind));',
    'Type.Optional(kind) as never;',
  ),
  mutation(
    'symbol-not-composed',
    wire(VISIBLE),
    WIRE,
    'PLAIN_RE.test(text) || text === text.normalize(',
    'PLAIN_RE.test(text) || text !== text.normalize(',
  ),
  mutation('symbol-with-format-characters', wire(VISIBLE), WIRE, '\\\\p{Cc}\\\\p{Cf}', '\\\\p{Cc}'),
  mutation(
    'symbol-in-latin1',
    symbolScan('a symbol such as 币安人生/USDT:USDT is taken as JSON writes it, and only that one'),
    'src/stream/tick-scanner.ts',
    `Buffer.from(JSON.stringify(symbol).slice(1), 'utf8')`,
    `Buffer.from(JSON.stringify(symbol).slice(1), 'latin1')`,
  ),
  mutation(
    'symbol-not-escaped',
    symbolScan('a symbol such as A"B is taken as JSON writes it, and only that one'),
    'src/stream/tick-scanner.ts',
    'JSON.stringify(symbol).slice(1)',
    '`${symbol}"`',
  ),
  mutation(
    'thirtieth-of-february',
    times('"2014-02-30" is no time'),
    TIME,
    'day > daysIn(year, month)',
    'day > 31',
  ),
  mutation(
    'hour-of-24',
    times('"2026-03-02T24:00:00Z" is no time'),
    TIME,
    'hour > 23',
    'hour > 24',
  ),
  mutation(
    'blank-size-is-zero',
    cases('f18-blank-size.csv'),
    CSV,
    `if (value !== '') entry[field] = value;`,
    `if (value !== '' || NEEDED.has(field)) entry[field] = value || '0';`,
  ),
  mutation(
    'cells-not-counted',
    row('too many cells'),
    CSV,
    'if (cells.length !== names.length) {',
    'if (cells.length < names.length) {',
  ),
  mutation(
    'column-twice',
    header('ts,price,size,PRICE'),
    CSV,
    'if (twice !== undefined)',
    `if (twice === 'none')`,
  ),
  mutation(
    'two-times-in-a-header',
    header('ts,ts_ms,price,size'),
    CSV,
    'if (times.length > 1)',
    'if (times.length > 2)',
  ),
  mutation(
    'far-time-fed',
    row('two days ahead'),
    'src/feeds/event-time.ts',
    'us <= nowUs + US_PER_DAY',
    'us <= nowUs + 99 * US_PER_DAY',
  ),
  mutation(
    'time-in-another-unit-fed',
    row('milliseconds'),
    'src/feeds/event-time.ts',
    'if (us >= EARLIEST_US && ',
    'if (us >= 0 && ',
  ),
  mutation(
    'file-laxer-than-the-wire',
    row('a negative size'),
    FILES,
    'if (isProblem(tick)) {',
    `if (isProblem(tick) && tick.field !== 'size') {`,
  ),
  mutation(
    'frame-set-apart-whole',
    others('ndjson: a bad tick of a frame is set apart alone'),
    'src/feeds/ndjson.ts',
    'const entries = Array.isArray(json) ? (json as unknown[]) : [json];',
    'const entries = Array.isArray(json) ? (json as unknown[]).slice(0, 1) : [json];',
  ),
  mutation(
    'repeat-by-its-text',
    files('a repeat is one by its numbers, however they are written'),
    'src/domain/tick-id.ts',
    '`${Number(tick.price)}|${Number(tick.size)}|',
    '`${tick.price}|${tick.size}|',
  ),
  mutation(
    'lean-sizes-as-asks',
    others('lean-quote: blanks, other columns and times behind the day are set apart'),
    'src/feeds/lean-quote.ts',
    'if (cells.length !== 3)',
    'if (cells.length < 3)',
  ),
  mutation(
    'resource-forks-read',
    bytes('members of a zip are read in the order of their names, each with its header'),
    'src/feeds/zip.ts',
    `name.startsWith('__MACOSX/') ||`,
    '',
  ),
  mutation(
    'members-out-of-order',
    bytes('members of a zip are read in the order of their names, each with its header'),
    'src/feeds/zip.ts',
    '(a.name < b.name ? -1 : 1)',
    '(a.headerAt - b.headerAt)',
  ),
  mutation(
    'bomb-unpacked',
    bytes('what unpacks without end is refused, within bounded memory'),
    UNPACK,
    'const RATIO_MAX = 200;',
    'const RATIO_MAX = 200_000;',
  ),
  mutation(
    'check-sum-unread',
    bytes('what is cut off or damaged says so, with its name'),
    'src/feeds/zip.ts',
    'if (crc !== entry.crc) {',
    'if (crc === 0) {',
  ),
  mutation(
    'byte-order-mark-kept',
    cases('n01-bom.ndjson'),
    'src/feeds/lines.ts',
    'text.startsWith(MARK)',
    `text.startsWith('MARK')`,
  ),
  mutation(
    'futures-quote-at-the-receive-time',
    frames('a quote of the futures takes the exchange’s own time, one of spot the receive time'),
    FRAMES,
    'ts: microseconds(T ?? E) ?? receivedUs,',
    'ts: receivedUs,',
  ),
  mutation(
    'trades-counted-twice',
    frames('aggregated trades count where no single ones came before, never both'),
    FRAMES,
    'if (type !== trades) continue;',
    '',
  ),
  mutation(
    'frames-of-another-instrument',
    frames(
      'frames of another instrument, without a time or with a price that is none are set apart',
    ),
    FRAMES,
    'if (s !== market) {',
    'if (s === null) {',
  ),
  mutation(
    'half-a-quote-in-a-candle',
    candles('a quote of one side moves the time and is no price'),
    'pipelines/stream/candles.ts',
    'if (hasPrice(input.tick)) addTick(',
    'addTick(',
  ),
  mutation(
    'half-a-quote-fills',
    fills('a quote of one side fills no order and closes no position'),
    'pipelines/stream/fills.ts',
    'if (!hasPrice(input.tick)) break;',
    '',
  ),
  mutation(
    'missing-side-is-another',
    rows('keep a side that a quote does not have as null, and know it again'),
    'pipelines/sink/sink.ts',
    'sameOrAbsent(tick.bid, row.bid) &&',
    'tick.bid === row.bid &&',
  ),
];
