/** What the schemas of money refuse, so that no table has to; and what is none of their business. */
import { describe, expect, test } from 'vitest';
import { decodeBooked } from '../../../pipelines/trades/decode.ts';
import type { Fill, Signal, SignalEnd } from '../../../src/domain/wire.ts';

const fill: Fill = {
  ...{ kind: 'fill', fill_id: 'f', order_id: 'o', trade_id: 't', signal_id: null, bot: null },
  ...{ prediction_id: null, model_id: null, account: 'a', venue: 'v', symbol: 'BTC/USD' },
  ...{ ts: 1_700_000_000_000_000, intent: 'entry', side: 'buy', order_type: 'market', price: '1' },
  ...{ size: '0.1', fee: '-0.01', fee_currency: 'USD', fx_rate: '1', liquidity: 'taker' },
  ...{ mode: 'paper', reason: '' },
};
const { ts } = fill;
const signal: Signal = {
  ...{ kind: 'signal', signal_id: 's', prediction_id: 'p', feature_id: 'f', model_id: 'm' },
  ...{ bot: 'b', account: 'a', strategy: 'x', timeframe: '1m', venue: 'v', symbol: 'BTC/USD' },
  ...{ ts, decided_ts: ts, known_at: ts, direction: 'buy', entry: '1', stop_loss: '-1' },
  ...{ take_profit: '2', risk_reward: '1', size: '1', confidence: 0.5, expires_at: ts },
  ...{ reason: 'r', indicators: { rsi: null, 'a b': 1e308 } },
};
const end: SignalEnd = {
  ...{ kind: 'signal_end', signal_id: 's', venue: 'v', symbol: 'BTC/USD', ts },
  ...{ state: 'expired', reason: 'nobody came' },
};

const decoded = (topic: string, json: unknown, key: string | null = null) =>
  decodeBooked(topic, key, Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)));
const decodeReason = (topic: string, json: unknown, key: string | null = null): string => {
  const found = decoded(topic, json, key);
  return found.type === 'dead' ? found.reason : found.type;
};

describe('records of money', () => {
  test('sound ones are booked, with their key, without one, and with fields of a newer version', () => {
    expect(decodeReason('fills', fill, 'a')).toBe('booked');
    expect(decodeReason('fills', fill)).toBe('booked');
    expect(decodeReason('signals', signal, 'v:BTC/USD')).toBe('booked');
    expect(decodeReason('signals', end)).toBe('booked');
    expect(decodeReason('fills', { ...fill, more: [[1]], reason: 'smile 😀' })).toBe('booked');
    expect(decodeReason('fills', { ...fill, fill_id: '😀'.repeat(200) })).toBe('booked');
  });

  const amounts = [
    '0',
    '-1',
    '0.000',
    'NaN',
    'Infinity',
    '-0',
    '1e5',
    '',
    ' 1',
    '1\n',
    '+1',
    '0x1',
  ];
  const digits = ['1'.repeat(21), `0.${'1'.repeat(21)}`];
  const wrong = ([...amounts, ...digits] as unknown[]).concat([1, null, true]);
  const names = ['price', 'size', 'fx_rate'] as const;
  test.each(names)('a fill without a sound %s is dead', (name) => {
    for (const value of wrong) {
      expect(`${JSON.stringify(value)} ${decodeReason('fills', { ...fill, [name]: value })}`).toBe(
        `${JSON.stringify(value)} schema`,
      );
    }
  });

  const texts = ['', 'a\u0000', 'a\nb', 'a\u0085', 'a\u2028', '\ud800', 'a\udc00', 'a'.repeat(201)];
  const manyMarks = `a${'\u0301'.repeat(1_000)}`;
  test.each(['fill_id', 'order_id', 'trade_id', 'account', 'fee_currency', 'bot', 'signal_id'])(
    'a fill whose %s no table or key could hold is dead',
    (name) => {
      for (const value of [...texts, manyMarks, 7]) {
        expect(decodeReason('fills', { ...fill, [name]: value })).toBe('schema');
      }
    },
  );

  test.each(['signal_id', 'prediction_id', 'bot', 'strategy', 'timeframe'])(
    'a signal whose %s no table could hold is dead',
    (name) => {
      // A prediction's id may be twice as long: it holds its instrument's symbol twice.
      const long = name === 'prediction_id' ? 'a'.repeat(401) : 'a'.repeat(201);
      for (const value of [...texts.slice(0, -1), long, manyMarks, null]) {
        expect(decodeReason('signals', { ...signal, [name]: value })).toBe('schema');
      }
    },
  );

  test('an account is short enough for the halt that is named after it', () => {
    for (const [length, found] of [
      [100, 'booked'],
      [101, 'schema'],
    ] as const) {
      expect(decodeReason('fills', { ...fill, account: 'a'.repeat(length) })).toBe(found);
      expect(decodeReason('signals', { ...signal, account: 'a'.repeat(length) })).toBe(found);
    }
  });

  test('free text takes all but NUL, half characters and a book', () => {
    for (const reason of ['a\u0000', '\ud800', 'a'.repeat(4_001), null]) {
      expect(decodeReason('fills', { ...fill, reason })).toBe('schema');
      expect(decodeReason('signals', { ...end, reason })).toBe('schema');
    }
    expect(decodeReason('fills', { ...fill, reason: 'two\nlines' })).toBe('booked');
  });

  test('times that are in another unit, no whole number or before 1970 are dead', () => {
    const times = [ts * 1_000, ts * 10, 253_402_300_800_000_000, -1, ts + 0.5, '1', null, 9.2e21];
    for (const value of times) {
      expect(decodeReason('fills', { ...fill, ts: value })).toBe('schema');
      for (const name of ['ts', 'decided_ts', 'known_at', 'expires_at']) {
        expect(decodeReason('signals', { ...signal, [name]: value })).toBe('schema');
      }
    }
  });

  test('a confidence is a share, and indicators are numbers under sound names', () => {
    const dead = (more: object): string => decodeReason('signals', { ...signal, ...more });
    for (const confidence of [-0.1, 1.1, null, '0.5']) expect(dead({ confidence })).toBe('schema');
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`n${i}`, 1]));
    for (const indicators of [{ a: 'x' }, { 'a\u0000': 1 }, { '\ud800': 1 }, many, [], null]) {
      expect(dead({ indicators })).toBe('schema');
    }
    const text = JSON.stringify(signal).replace('"confidence":0.5', '"confidence":1e999');
    expect(decodeReason('signals', text)).toBe('schema');
  });

  test('what is no record is dead by its own reason', () => {
    expect(decodeBooked('fills', null, null)).toMatchObject({ reason: 'empty_value' });
    expect(decodeBooked('fills', null, Buffer.alloc(0))).toMatchObject({ reason: 'empty_value' });
    for (const text of ['{"kind":"fill"', 'NaN', '\ufeff{}', '[', '{}x']) {
      expect(decodeReason('fills', text)).toBe('bad_json');
    }
    const notText = Buffer.from(JSON.stringify(fill).replace('"f"', '"\u00ff"'), 'latin1');
    expect(decodeBooked('fills', null, notText)).toMatchObject({ reason: 'bad_json' });
    for (const json of [[], [fill], null, 7, 'x', {}, { kind: 7 }]) {
      expect(decodeReason('fills', JSON.stringify(json))).toBe('not_a_record');
    }
    const deep = (depth: number): string =>
      JSON.stringify(fill).replace('{', `{"more":${'['.repeat(depth)}${']'.repeat(depth)},`);
    expect(decodeReason('fills', deep(200_000))).toBe('schema');
    expect(decodeReason('fills', deep(10))).toBe('booked');
  });

  test('a key that says another account or instrument, and a record on the wrong topic, are dead', () => {
    expect(decodeReason('fills', fill, 'b')).toBe('key_mismatch');
    expect(decodeReason('fills', fill, '')).toBe('key_mismatch');
    expect(decodeReason('signals', signal, 'v:ETH/USD')).toBe('key_mismatch');
    expect(decodeReason('signals', end, 'a')).toBe('key_mismatch');
    expect(decodeReason('signals', fill)).toBe('wrong_topic');
    expect(decodeReason('fills', signal)).toBe('wrong_topic');
  });

  test('a kind that nobody knows is no fault, whatever its name', () => {
    for (const kind of ['fee', 'Fill', '', 'toString', '__proto__']) {
      expect(decoded('fills', { kind })).toEqual({ type: 'unknown', kind });
    }
  });
});
