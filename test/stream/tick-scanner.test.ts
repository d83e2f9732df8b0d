/** The scanner held against the plain way: where it answers, it answers the same. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTicks } from '../../src/stream/decode.ts';
import { scannedInstrument, TickScanner } from '../../src/stream/tick-scanner.ts';

const KEY = 'my-venue:A:b/USD';
const INSTRUMENT = scannedInstrument('my-venue', 'A:b/USD');
const scanner = new TickScanner();

/** Whether the scanner took it; if so the plain way must have made the same of it. */
function scans(text: string): boolean {
  const bytes = Buffer.from(text);
  const items = scanner.scan(bytes, INSTRUMENT);
  if (items === null) return false;
  const plain = parseTicks(KEY, bytes, () => 'bad_hmac');
  const positions = text.startsWith('[') ? [...items.keys()] : null;
  expect({ type: 'ticks', key: KEY, items, positions, skipped: 0 }).toStrictEqual(plain);
  return true;
}

const trade = {
  kind: 'trade',
  venue: 'my-venue',
  symbol: 'A:b/USD',
  id: '4711',
  ts: 1_700_000_000_123_456,
  price: '61737.63',
  size: 0.5,
  side: 'buy',
};
const { id: _id, side: _side, price, size, ...common } = trade;
const quote = { ...common, kind: 'quote', bid: 1.0871, ask: '1.0872', bid_size: 3 };

describe('the scanner takes', () => {
  const usual: [string, unknown][] = [
    ['a trade', trade],
    ['one without id and side', { ...common, price, size }],
    ['a quote', quote],
    ['a frame', [trade, quote, { ...trade, side: 'sell' }]],
    ['fields in another order', Object.fromEntries(Object.entries(trade).toReversed())],
    ['amounts with leading zeros in text', { ...trade, price: '007.50', size: '0' }],
    ['the largest time', { ...trade, ts: Number.MAX_SAFE_INTEGER }],
    ['a size of zero', { ...trade, size: 0 }],
    ['an id of any printable ASCII', { ...trade, id: "!#[]{},:'~" }],
    ['the smallest price', { ...trade, price: '0.00000000000000000001' }],
  ];
  test.each(usual)('%s', (_name, value) => {
    expect(scans(JSON.stringify(value))).toBe(true);
  });

  test('what Python writes, with a space behind each comma and colon', () => {
    const spaced = (value: object): string =>
      JSON.stringify(value).replaceAll(/([,:])(?=["\d{])/g, (at) => `${at} `);
    const plain = { ...trade, symbol: 'A:b/USD' };
    expect(scans(spaced(plain).replace('A: b', 'A:b'))).toBe(true);
    expect(scans(`[${spaced(quote)}, ${spaced(quote)}]`.replaceAll('A: b', 'A:b'))).toBe(true);
  });

  test.each(['币安人生/USDT:USDT', 'A"B', 'A\\B', 'BRK B', 'RELIANCE,NS', '🚀', "O'H", '100%'])(
    'a symbol such as %s is taken as JSON writes it, and only that one',
    (symbol) => {
      const instrument = scannedInstrument('my-venue', symbol);
      const record = (of: string): Buffer => Buffer.from(JSON.stringify({ ...trade, symbol: of }));
      expect(parseTicks(`my-venue:${symbol}`, record(symbol), () => 'bad_hmac')).toMatchObject({
        items: scanner.scan(record(symbol), instrument),
      });
      expect(scanner.scan(record(symbol), instrument)).toHaveLength(1);
      expect(scanner.scan(record(`${symbol}x`), instrument)).toBeNull();
      expect(scanner.scan(record('币'), instrument)).toBeNull();
    },
  );
});

describe('the scanner leaves alone', () => {
  const text = JSON.stringify(trade);
  const odd: [string, string][] = [
    ['nothing', ''],
    ['an empty frame', '[]'],
    ['an unknown field', JSON.stringify({ ...trade, extra: 1 })],
    ['a field of the other kind', JSON.stringify({ ...trade, bid: 1 })],
    ['a field that is there twice', text.replace('"id"', '"price":1,"id"')],
    ['a missing field', JSON.stringify({ ...common, price })],
    ['an escape', text.replace('4711', '47\\u0031')],
    ['an exponent', text.replace('0.5', '5e-1')],
    ['a sign', text.replace('0.5', '-0.5')],
    ['a price of zero', text.replace('61737.63', '0.00')],
    ['a leading zero', text.replace(':0.5', ':00.5')],
    ['a time of text', text.replace('1700000000123456', '"1700000000123456"')],
    ['a time too large', text.replace('1700000000123456', '9007199254740992')],
    ['a time with a fraction', text.replace('1700000000123456', '1700000000123456.0')],
    ['more digits than are exact', text.replace('61737.63', '61737.630000000001')],
    ['a number that ends in its point', text.replace('0.5', '0.')],
    ['something behind it', `${text} `],
    ['an end too soon', text.slice(0, -1)],
    ['another instrument', text.replace('A:b/USD', 'A:b/EUR')],
    ['an id of nothing', JSON.stringify({ ...trade, id: '' })],
    ['an id too long', JSON.stringify({ ...trade, id: 'x'.repeat(65) })],
    ['an id with a space', JSON.stringify({ ...trade, id: 'a b' })],
    ['a heartbeat', JSON.stringify({ ...common, kind: 'heartbeat' })],
    ['another kind', JSON.stringify({ ...trade, kind: 'trades' })],
    ['another side', JSON.stringify({ ...trade, side: 'both' })],
    ['a quote of one side', JSON.stringify({ ...common, kind: 'quote', bid: 1 })],
    ['a null', JSON.stringify({ ...quote, bid_size: null })],
    ['a point without a digit before', text.replace('61737.63', '.5')],
    ['a point without a digit behind', text.replace('61737.63', '5.')],
    ['a frame that does not end', `[${text}`],
    ['a frame with something else in it', `[${text},7]`],
    ['a frame that ends in a comma', `[${text},]`],
  ];
  test.each(odd)('%s', (_name, value) => {
    expect(scans(value)).toBe(false);
  });
});

test('whatever it takes, the plain way makes the same of it', () => {
  const digits = fc.stringMatching(/^-?\d{1,22}(\.\d{0,22})?(e[+-]?\d)?$/);
  const amount = fc.oneof(
    fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(String),
    fc.tuple(fc.nat(), fc.nat({ max: 999_999 })).map(([a, b]) => `${a}.${b}`),
    fc.nat().map(String),
    digits,
  );
  const value = fc.tuple(fc.boolean(), amount).map(([quoted, n]) => (quoted ? `"${n}"` : n));
  const text = fc
    .oneof(fc.string({ maxLength: 70 }), fc.constantFrom('buy', 'sell', '1'))
    .map((s) => JSON.stringify(s));
  const fields = fc.record(
    {
      kind: fc.constantFrom('"trade"', '"quote"'),
      venue: fc.constant('"my-venue"'),
      symbol: fc.constant('"A:b/USD"'),
      id: text,
      ts: fc.oneof(fc.nat().map(String), value),
      price: value,
      size: value,
      side: text,
      bid: value,
      ask: value,
      bid_size: value,
      ask_size: value,
    },
    { requiredKeys: ['kind', 'venue', 'symbol'] },
  );
  const names = ['kind', 'venue', 'symbol', 'id', 'ts', 'price', 'size', 'side', 'bid', 'ask'];
  const sound = fc
    .tuple(fields, value, value, fc.nat(), fc.shuffledSubarray(names, { minLength: 10 }))
    .map(([of, a, b, ts, order]) => {
      const isTrade = of.kind === '"trade"';
      const more = isTrade ? { price: a, size: b } : { bid: a, ask: b };
      const all: Record<string, string | undefined> = { ...of, ts: String(ts), ...more };
      const wanted = order.filter((name) => name in (isTrade ? trade : quote) || name === 'id');
      return wanted.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]]));
    });
  const any = fields.map((of) => Object.entries(of));
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(sound, any), (entries) => {
      const body = entries.map(([name, v]) => `"${name}":${v}`).join(',');
      if (scans(`{${body}}`)) taken += 1;
    }),
    { numRuns: 20_000 },
  );
  expect(taken).toBeGreaterThan(1_000);
});

test('no bytes whatever make it throw', () => {
  const around = JSON.stringify(trade);
  fc.assert(
    fc.property(fc.nat(around.length), fc.uint8Array({ maxLength: 5 }), (at, bytes) => {
      const odd = Buffer.concat([
        Buffer.from(around.slice(0, at)),
        bytes,
        Buffer.from(around.slice(at + bytes.length)),
      ]);
      const items = scanner.scan(odd, INSTRUMENT);
      if (items === null) return;
      expect(parseTicks(KEY, odd, () => 'bad_hmac')).toMatchObject({ items });
    }),
    { numRuns: 20_000 },
  );
});
