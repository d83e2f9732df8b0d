/** What is a tick and what is none, on the wire: public cases, and others of the same kinds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasPrice, type MarketTick } from '../../src/domain/tick.ts';
import { checkTick, isProblem } from '../../src/stream/check-tick.ts';
import { decodeTicks, type Decoded } from '../../src/stream/decode.ts';

const CASES = join(import.meta.dirname, '..', 'fixtures', 'cases', 'wire');

interface WireCase {
  readonly key: string | null;
  readonly keyB64?: string;
  readonly value?: string | null;
  readonly b64?: string;
}

function decoded({ key, keyB64, value, b64 }: WireCase): Decoded {
  const bytes = b64 === undefined ? (value ?? null) : Buffer.from(b64, 'base64');
  const name = keyB64 === undefined ? key : Buffer.from(keyB64, 'base64').toString('utf8');
  const given = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return decodeTicks(name, given, () => 'bad_hmac');
}

const verdict = (of: Decoded): string => (of.type === 'dead' ? of.reason : `${of.type} ok`);

const casesIn = (name: string): WireCase[] =>
  readFileSync(join(CASES, `${name}.ndjson`), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as WireCase);

const ok = 'ticks ok';
/** By the end of the key, or all alike. */
const RIGHT: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {
  'r1-record-seconds': ok,
  'r2-clock-year-ahead': ok,
  'r3-record-us': ok,
  'w01-symbols': ok,
  'w03-negative-price': {
    NEG: 'price_not_positive',
    NEG2: 'price_not_positive',
    ZERO: 'price_not_positive',
    QNEG: 'price_not_positive',
    QZERO: 'price_not_positive',
    SIZE0: ok,
    SIZENEG: 'price_not_positive',
  },
  'w04-tiny-price': {
    ...Object.fromEntries('ABCDEFGHIJ'.split('').map((name) => [name, ok])),
    K: 'schema',
    L: 'schema',
    M: 'out_of_range',
  },
  'w05-ids': {
    NUM: 'schema',
    BIG: ok,
    UUID: ok,
    NULL: ok,
    EMPTY: 'schema',
    SPACE: 'schema',
    L64: ok,
    L66: 'schema',
    LEAD: ok,
  },
  'w06-nulls': {
    SIDE: ok,
    SIDEBUY: 'schema',
    SIDEUNK: 'schema',
    QSZ: ok,
    ONE: ok,
    ASK0: 'price_not_positive',
    NOASK: ok,
    SZ0: ok,
  },
  'w07-json': {
    SLASH: ok,
    U002F: ok,
    FLOATTS: ok,
    EXPTS: ok,
    TSTEXT: 'schema',
    TSISO: 'schema',
    PRETTY: ok,
    NAN: 'bad_json',
    INF: 'bad_json',
    '1E400': 'schema',
    BOM: 'bad_json',
    DUPKEY: ok,
    COMMA: 'bad_json',
    TWO: 'bad_json',
    EXTRA: ok,
    PROTO: ok,
    UTF16: 'bad_json',
    AVRO: 'bad_json',
    STRING: 'not_a_record',
    ENVELOPE: 'not_a_record',
    KINDLESS: 'not_a_record',
    NEWKIND: ok,
  },
  'w09-keys': {
    null: 'missing_key',
    TOMB: 'empty_value',
    EMPTY: 'empty_value',
    'QUOTED"': 'key_mismatch',
    CASE: 'key_mismatch',
    NOVENUE: 'key_mismatch',
    AVRO: 'key_mismatch',
    HEADERS: ok,
    GZIP: ok,
  },
  'w12-quotes-then-trades': ok,
  'w14-binance-reset': ok,
};

describe('the wire', () => {
  test.each(Object.entries(RIGHT))('public cases of %s', (file, right) => {
    for (const each of casesIn(file)) {
      const name = String(each.key).split('/').at(-1) ?? '';
      const expected = typeof right === 'string' ? right : right[name];
      expect(`${each.key}: ${verdict(decoded(each))}`).toBe(`${each.key}: ${expected}`);
    }
  });

  const trade = { kind: 'trade', venue: 'v', symbol: 'A/B', ts: 5, price: '1.5', size: 2 };
  const quote = { kind: 'quote', venue: 'v', symbol: 'A/B', ts: 5, bid: 1, ask: 2 };
  const of = (tick: object): Decoded =>
    decodeTicks('v:A/B', Buffer.from(JSON.stringify(tick)), () => 'bad_hmac');
  const first = (tick: object): MarketTick => {
    const found = of(tick);
    if (found.type !== 'ticks') throw new Error(JSON.stringify(found));
    return found.items[0] as MarketTick;
  };

  const AMOUNTS: [unknown, string | number][] = [
    ['1e-9', 1e-9],
    ['1E+3', 1000],
    ['.5', 0.5],
    ['5.', 5],
    ['+5.0', 5],
    ['00012.50', 12.5],
    [1e-9, 1e-9],
    ['1e-20', 1e-20],
    ['0.00000000000000000001', 1e-20],
    ['9999999999999999999', 1e19],
    ['1e20', 'out_of_range'],
    ['100000000000000000000', 'out_of_range'],
    [1e20, 'out_of_range'],
    [1.7e308, 'out_of_range'],
    ['1e999', 'out_of_range'],
    ['1e-999', 'out_of_range'],
    ['9e-21', 'out_of_range'],
    [5e-324, 'out_of_range'],
    ['-1e999', 'out_of_range'],
    ['0e5', 'price_not_positive'],
    ['-0', 'price_not_positive'],
    ['0x10', 'schema'],
    ['1_000', 'schema'],
    ['1 000', 'schema'],
    ['1,5', 'schema'],
    ['', 'schema'],
    ['.', 'schema'],
    ['1e', 'schema'],
    ['1e1.5', 'schema'],
    ['nan', 'schema'],
    ['Infinity', 'schema'],
    ['٣', 'schema'],
    ['1\n', 'schema'],
    [`1.${'0'.repeat(39)}`, 'schema'],
    [true, 'schema'],
    [null, 'schema'],
    [[1], 'schema'],
  ];
  test.each(AMOUNTS)('a price of %j', (price, right) => {
    if (typeof right === 'string') expect(verdict(of({ ...trade, price }))).toBe(right);
    else expect(first({ ...trade, price }).price).toBe(right);
  });

  test('both sides at the largest price have a mid, and no text reaches an overflow', () => {
    const largest = '99999999999999990000';
    const { price } = first({ ...quote, bid: largest, ask: largest });
    expect(price).toBe(Number(largest));
    expect(verdict(of({ ...quote, bid: '1e308', ask: '1.5e308' }))).toBe('out_of_range');
  });

  test('null in an optional field is the same as no field', () => {
    const plain = first(trade);
    expect(first({ ...trade, id: null, side: null })).toEqual(plain);
    const nulls = { id: null, bid_size: null, ask_size: null };
    expect(first({ ...quote, ...nulls })).toEqual(first(quote));
    for (const field of ['venue', 'symbol', 'ts', 'price', 'size']) {
      expect(verdict(of({ ...trade, [field]: null }))).toBe('schema');
    }
  });

  test('a quote of one side is a quote without a price; one of none is dead', () => {
    const { ask: _, ...bidOnly } = quote;
    for (const one of [bidOnly, { ...quote, ask: null }]) {
      const tick = first(one);
      expect([tick.bid, tick.ask, hasPrice(tick)]).toEqual([1, NaN, false]);
    }
    expect(first({ ...quote, bid: null })).toMatchObject({ bid: NaN, ask: 2 });
    expect(hasPrice(first(quote))).toBe(true);
    expect(of({ ...quote, bid: null, ask: null })).toMatchObject({
      reason: 'schema',
      detail: 'item 0: a quote has a bid, an ask or both',
    });
    // One that differs from another only in which side it has is another content.
    const hashes = [quote, { ...quote, bid: null }, { ...quote, ask: null }].map(
      (tick) => first(tick).hash,
    );
    expect(new Set(hashes).size).toBe(3);
  });

  test('a price that is none says what is taken', () => {
    expect(of({ ...trade, price: -37.63 })).toMatchObject({
      detail: expect.stringMatching(/price .*above 0, unless an instrument record says/) as string,
    });
    expect(of({ ...quote, ask: 0 })).toMatchObject({
      detail: expect.stringContaining('left out or null, never 0') as string,
    });
    expect(of({ ...trade, price: '1,234.5' })).toMatchObject({
      detail: expect.stringMatching(/price "1,234.5" is not .* decimal as text/) as string,
    });
    expect(of({ ...trade, side: 'BUY' })).toMatchObject({
      detail: expect.stringContaining('in lower case') as string,
    });
    const { size: _, ...without } = trade;
    expect(of(without)).toMatchObject({ detail: 'item 0: size is missing' });
  });

  test('symbols are taken as venues have them, if they can be seen and told apart', () => {
    const isTaken = (symbol: string): boolean =>
      !isProblem(checkTick('trade', { ...trade, symbol }));
    const taken = [
      ...['^GSPC', 'ES=F', 'M&M.NS', 'BRK B', '币安人生/USDT:USDT', 'RELIANCE,NS', '100%', '/ES'],
      ...['BTC/USDT:USDT-241227-65000-C', `O'Hara"s`, 'A\\B', '<b>', '$X', '..', 'A|B', 'é', '🚀'],
      ...['A'.repeat(64), '币'.repeat(64), '🚀'.repeat(64)],
    ];
    expect(taken.filter((symbol) => !isTaken(symbol))).toEqual([]);
    const refused = [
      ...['', ':A', 'A\nB', 'A\r', 'A\0B', 'A\tB', 'A\u2028B', 'A\u200bB', '\ufeffA', 'A\u202eB'],
      ...['A'.repeat(65), '币'.repeat(65), 'e\u0301', '\ud83d', 'A\ufffdB', 'A\u0085'],
    ];
    expect(refused.filter(isTaken)).toEqual([]);
  });
});
