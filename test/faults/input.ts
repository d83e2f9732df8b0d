/**
 * The recorded input of the fault proofs: what a feed may do wrong, in one seeded range of
 * market.
 *
 * Three instruments of two venues, trades and quotes, single records and frames; and among them
 * exact duplicates, disorder within the lateness, ticks far too late, corrections in time and late,
 * gaps in contiguous ids, a receive clock that runs behind, heartbeats stale and fresh, and records
 * that nobody should have produced.
 */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parseUs, US_PER_HOUR, US_PER_MS, US_PER_S } from '../../src/domain/time.ts';
import { instrumentKey, type Tick } from '../../src/domain/wire.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { seededRandom } from '../../src/random.ts';

/** A record for `ticks`; its partition follows from the key. */
export interface InputRecord {
  readonly key: string | null;
  readonly value: string | Buffer | null;
  readonly timestampMs: number;
}

export interface InputSettings {
  readonly seed: number;
  readonly hours: number;
}

const FROM = parseUs('2026-02-02');
const YEAR_2100_US = parseUs('2100-01-01');
/** How far behind the exchange the second venue's receive clock runs. */
const SKEW_US = 1_270_000;

export function recordedInput({ seed, hours }: InputSettings): InputRecord[] {
  const random = seededRandom(seed);
  const range = { seed, fromUs: FROM, toUs: FROM + hours * US_PER_HOUR, rate: 0.25 };
  const plain = mergedTrades({ ...range, venue: 'alpha', symbols: ['A/USD'], edge: 'none' });
  const numbered = mergedTrades({
    ...range,
    venue: 'binance',
    symbols: ['B/USDT'],
    edge: 'none',
  });
  const source = mergedTrades({ ...range, venue: 'alpha', symbols: ['Q/USD'], edge: 'none' });
  const timed: { at: number; record: InputRecord }[] = [];
  const add = (at: number, ...ticks: readonly Tick[]): void => {
    timed.push({ at, record: toRecord(ticks, at) });
  };
  for (const { tick } of plain) disturbed(tick, random, add);
  let id = 1;
  for (const { tick } of numbered) {
    // One in 300 is missing: a gap in ids that the venue numbers contiguously.
    if (random() < 1 / 300) id += 1 + Math.floor(random() * 3);
    const trade = { ...tick, id: String(id++) };
    disturbed(trade, random, (at, ...ticks) => add(at - SKEW_US, ...ticks));
  }
  for (const { tick } of source) disturbed(drawQuote(tick, random), random, add);
  const times = timed.map(({ at }) => at);
  const last = times.reduce((a, b) => Math.max(a, b), 0);
  poison(seed).forEach((record, i, all) => {
    const at = FROM + Math.floor(((i + 1) / (all.length + 1)) * (last - FROM));
    timed.push({ at, record: { ...record, timestampMs: Math.floor(at / US_PER_MS) } });
  });
  timed.sort((a, b) => a.at - b.at);
  return timed.map(({ record }) => record);
}

type Add = (at: number, ...ticks: readonly Tick[]) => void;

/** A tick as an unreliable feed brings it. */
function disturbed(tick: Tick, random: () => number, add: Add): void {
  const { ts } = tick;
  const drawn = random();
  if (drawn < 0.01) {
    add(ts, tick);
    add(ts + Math.floor(random() * 90) * US_PER_S, tick);
  } else if (drawn < 0.03) {
    // Arrives behind its successors, still in time.
    add(ts + Math.floor(random() * 1_800) * US_PER_MS, tick);
  } else if (drawn < 0.034) {
    add(ts + 60 * US_PER_S + Math.floor(random() * 900) * US_PER_S, tick);
  } else if (drawn < 0.038) {
    add(ts, tick);
    add(ts + Math.floor(random() * 1_000) * US_PER_MS, corrected(tick));
  } else if (drawn < 0.042) {
    add(ts, tick);
    add(ts + 600 * US_PER_S, corrected(tick));
  } else if (drawn < 0.05) {
    // The same again within one frame.
    add(ts, tick, tick);
  } else if (drawn < 0.055) {
    add(ts, tick);
    const { venue, symbol } = tick;
    const claimedTs = random() < 0.5 ? ts - 30 * US_PER_S : ts + 500 * US_PER_MS;
    const heartbeat = { kind: 'heartbeat', venue, symbol, ts: claimedTs } as unknown as Tick;
    add(ts, heartbeat);
  } else add(ts, tick);
}

function corrected(tick: Tick): Tick {
  if (tick.kind === 'trade')
    return { ...tick, price: Number((Number(tick.price) * 1.5).toFixed(6)) };
  return { ...tick, ask: Number((Number(tick.ask) * 1.5).toFixed(6)) };
}

function drawQuote(trade: Tick & { kind: 'trade' }, random: () => number): Tick {
  const { venue, symbol, ts, price } = trade;
  const half = Number(price) * (0.0001 + 0.0002 * random());
  const id = `q${trade.id}`;
  const [bid, ask] = [Number(price) - half, Number(price) + half];
  return { kind: 'quote', venue, symbol, id, ts, bid: round(bid), ask: round(ask), bid_size: 1 };
}

const round = (price: number): number => Number(price.toFixed(6));

const toRecord = (ticks: readonly Tick[], atUs: number): InputRecord => ({
  key: instrumentKey(ticks[0] as Tick),
  value: JSON.stringify(ticks.length === 1 ? ticks[0] : ticks),
  timestampMs: Math.floor(atUs / US_PER_MS),
});

type Poison = Omit<InputRecord, 'timestampMs'>;

/** What nobody should have produced; each record is unlike every other. */
function poison(seed: number): Poison[] {
  const key = 'alpha:A/USD';
  const tick = (more: object): string =>
    JSON.stringify({
      kind: 'trade',
      venue: 'alpha',
      symbol: 'A/USD',
      id: 'p',
      ts: FROM,
      price: 1,
      size: 1,
      ...more,
    });
  const of = (...values: (string | Buffer | null)[]): Poison[] =>
    values.map((value) => ({ key, value }));
  return [
    ...of('{"kind":"trade"', 'null', '[]', '[[[[]]]]', '['.repeat(50_000), null, ''),
    ...of(tick({ price: 'abc' }), tick({ price: -5 }), tick({ size: null }), tick({ ts: 1.5 })),
    ...of(tick({ price: 1 }).replace('"price":1', '"price":1e400')),
    ...of(tick({ price: 1 }).replace('"price":1', '"price":NaN')),
    ...of(tick({ ts: 2 ** 60 }), tick({ id: 'x\u0000y' }), tick({ id: 'x\ny,z=1' })),
    ...of(tick({ symbol: "A'; DROP TABLE ticks; --" }), tick({ symbol: 'A\nticks price=1' })),
    ...of(`{"__proto__":{"kind":"trade"},${tick({ price: 'p' }).slice(1)}`),
    ...of(`[${tick({ id: 'whole-1' })},${tick({ id: 'whole-2', size: -1 })}]`),
    ...of(`"${'a'.repeat(1_000_000)}"`, gzipSync('not text'), Buffer.from([0xff, 0xfe, 0x00])),
    { key: null, value: tick({ id: 'no-key' }) },
    { key: 'alpha:B/USD', value: tick({ id: 'other-key' }) },
    { key: null, value: forgedControl() },
    ...of(tick({ kind: 'heartbeat', ts: YEAR_2100_US }), tick({ id: 'far', ts: YEAR_2100_US })),
    ...fuzz(seed).map((value) => ({ key, value })),
  ];
}

const forgedControl = (): string =>
  JSON.stringify({
    kind: 'control',
    control_id: 'forged',
    version: 1_000,
    type: 'halt',
    subject: 'paper',
    body: { account: 'paper', until_ts: YEAR_2100_US, reason: 'forged' },
    hmac: '0'.repeat(64),
  });

/** Values that are almost ticks, and values that are anything. */
function fuzz(seed: number): string[] {
  const odd = fc.oneof(fc.constantFrom(NaN, -0, 1e308, 2 ** 53, '1e5', '', true), fc.jsonValue());
  const almost = fc.record(
    { kind: odd, venue: odd, symbol: odd, id: odd, ts: odd, price: odd, size: odd },
    { requiredKeys: [] },
  );
  const any = fc.oneof(almost, fc.jsonValue({ maxDepth: 5 }));
  return fc.sample(any, { seed, numRuns: 60 }).map((value, i) => JSON.stringify([i, value]));
}
