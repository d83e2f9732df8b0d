/**
 * seed -> the input log of a simulation: three instruments in two partitions, in records and
 * frames, with control records (one of them forged), records that no reader may pass on, and what
 * has to be stored of all that whatever crashes on the way.
 */
import { must } from '../../src/assert.ts';
import { toMarketTick } from '../../src/domain/tick.ts';
import { parseUs, US_PER_MIN, US_PER_S } from '../../src/domain/time.ts';
import { instrumentKey, type Control, type Tick } from '../../src/domain/wire.ts';
import { randomIndex, seededRandom, type Random } from '../../src/random.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import * as controls from './controls.ts';
import { mergedDeliveries, type Delivered } from './market.ts';

export const PARTITIONS = 2;

const FROM_US = parseUs('2026-03-01T09:00:00Z');
/** Before this the market is quiet and nothing goes wrong: the history of slow indicators. */
const BUSY_FROM_US = parseUs('2026-03-01T13:58:00Z');
const BUSY_US = 4 * US_PER_MIN;
const QUIET_STEP_US = 13 * US_PER_MIN;
const FUTURE_US = 60 * US_PER_S;
const RECENT_US = 10 * US_PER_S;
const CLOCK_STEP_US = 10 * US_PER_S;
/** A trade of this size is one that the simulated QuestDB never takes. */
export const REFUSED_SIZE = 0.123_456;

export interface World {
  /** Appended in this order; every record names its partition. */
  readonly input: readonly OutRecord[];
  /**
   * The first content of every identity that comes behind the quiet hours: from
   * `table|venue:symbol|ts|id` to its values.
   */
  readonly stored: ReadonlyMap<string, string>;
  /** The `partition/offset` of every record that has to be in `dead-letters`. */
  readonly dead: ReadonlySet<string>;
}

/** The first two are there from the beginning, the last one comes to an empty partition. */
const INSTRUMENTS = [
  { venue: 'binance', symbol: 'BTC/USDT', partition: 0, rate: 0.12, firstTradeUs: 0 },
  { venue: 'kraken', symbol: 'ETH/USD', partition: 0, rate: 0.1, firstTradeUs: BUSY_FROM_US },
  { venue: 'oanda', symbol: 'EUR/USD', partition: 1, rate: 0.08, firstTradeUs: Infinity },
] as const;
const [BTC, ETH, EUR] = INSTRUMENTS;
const LAST_ID = 1000;

/** When a share of the busy time has passed, in whole milliseconds. */
const busy = (share: number): number => Math.floor((BUSY_FROM_US + share * BUSY_US) / 1000) * 1000;

export const MODEL_EXPIRES_TS = busy(0.9);

/** The quiet hours before: the same for every seed. */
export function quietWorld(): World {
  const builder = new Builder(seededRandom(0), null);
  for (let n = 0; FROM_US + n * QUIET_STEP_US < BUSY_FROM_US; n++) {
    const ts = FROM_US + n * QUIET_STEP_US;
    const price = 100 + Math.sin(n);
    const trade = { kind: 'trade', ts, price, size: 1, id: String(LAST_ID - 50 + n) } as const;
    const quote = { kind: 'quote', ts, bid: price, ask: price + 0.01, id: String(n) } as const;
    const { venue, symbol } = ETH;
    const { venue: tradeVenue, symbol: tradeSymbol } = BTC;
    const one = { ...trade, venue: tradeVenue, symbol: tradeSymbol };
    builder.clocks(ts);
    for (const item of [one, { ...quote, venue, symbol }]) {
      builder.deliver({ item, receivedUs: ts });
      builder.endFrames();
    }
  }
  return builder.finish();
}

/** What comes behind the quiet hours. */
export function drawWorld(seed: number, quiet: World): World {
  const random = seededRandom(seed);
  const builder = new Builder(random, quiet);
  const span = { seed, fromUs: BUSY_FROM_US, toUs: BUSY_FROM_US + BUSY_US };
  const markets = INSTRUMENTS.map((some) => ({ ...some, ...span, lastId: LAST_ID }));
  const deliveries = mergedDeliveries(markets);
  const moments = [...controlMoments(random), ...poisonMoments(random), refusedTrade()];
  const extras = [...moments, ...clockMoments(random)];
  let at = 0;
  for (const { atUs, record, isDead } of extras.toSorted((a, b) => a.atUs - b.atUs)) {
    for (; must(deliveries[at]).receivedUs < atUs; at++) builder.deliver(must(deliveries[at]));
    builder.endFrames();
    builder.append({ ...record, timestampMs: atUs / 1000 }, isDead);
  }
  for (const delivery of deliveries.slice(at)) builder.deliver(delivery);
  builder.endFrames();
  builder.clocks(must(deliveries.at(-1)).receivedUs);
  return builder.finish();
}

/** Collects records, and by the simplest rules what has to become of them. */
class Builder implements World {
  readonly input: OutRecord[] = [];
  readonly stored = new Map<string, string>();
  readonly dead = new Set<string>();
  private readonly random: Random;
  private readonly offsets: number[];
  private readonly frames = new Map<string, Delivered[]>();
  private readonly delivered: { readonly item: Delivered['item']; readonly place: Place }[] = [];
  private readonly clockPlaces: ClockPlace[][];

  constructor(random: Random, before: World | null) {
    this.random = random;
    this.clockPlaces = Array.from({ length: PARTITIONS }, () => []);
    this.offsets = Array.from(
      { length: PARTITIONS },
      (_, i) => before?.input.filter(({ partition }) => partition === i).length ?? 0,
    );
  }

  /** Into a record of its own, or into a frame with what comes next of its instrument. */
  deliver(delivery: Delivered): void {
    const key = instrumentKey(delivery.item);
    const frame = this.frames.get(key) ?? [];
    this.frames.set(key, frame);
    frame.push(delivery);
    if (this.random() > 0.4 || frame.length > 5) this.endFrame(key);
  }

  endFrames(): void {
    for (const key of this.frames.keys()) this.endFrame(key);
  }

  append(record: OutRecord, isDead = false): void {
    const partition = must(record.partition);
    const offset = must(this.offsets[partition]);
    this.offsets[partition] = offset + 1;
    if (isDead) this.dead.add(`${partition}/${offset}`);
    this.input.push(record);
    const us = record.key === null ? clockIn(record) : null;
    if (us !== null) must(this.clockPlaces[partition]).push({ offset, us });
  }

  /** The clock, in every partition. */
  clocks(atUs: number): void {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      this.append(clockAt(atUs, partition));
    }
  }

  /** Once all has come: what of it has to be stored. */
  finish(): this {
    for (const { item, place } of this.delivered) this.note(item, place);
    return this;
  }

  private endFrame(key: string): void {
    const frame = this.frames.get(key) ?? [];
    this.frames.delete(key);
    const last = frame.at(-1);
    if (last === undefined) return;
    const items = frame.map(({ item }) => item);
    const instrument = INSTRUMENTS.find((some) => instrumentKey(some) === key);
    const { partition } = must(instrument);
    const place = { partition, offset: must(this.offsets[partition]), recordUs: last.receivedUs };
    for (const item of items) this.delivered.push({ item, place });
    this.append({
      topic: 'ticks',
      key,
      value: JSON.stringify(items.length === 1 ? items[0] : items),
      timestampMs: last.receivedUs / 1000,
      partition,
    });
  }

  /** The first content of an identity is stored, unless it is far ahead of the log's clock. */
  private note(item: Delivered['item'], place: Place): void {
    if (item.kind === 'heartbeat' || this.isFuture(item.ts, place)) return;
    const table = item.kind === 'trade' ? 'ticks' : 'quotes';
    const identity = `${table}|${instrumentKey(item)}|${item.ts}|${toMarketTick(item).id}`;
    if (!this.stored.has(identity)) this.stored.set(identity, valuesKey(item));
  }

  private isFuture(ts: number, { partition, offset, recordUs }: Place): boolean {
    const clocks = must(this.clockPlaces[partition]);
    const before = clocks.findLast((clock) => clock.offset < offset)?.us ?? 0;
    if (ts <= before + FUTURE_US) return false;
    const next = must(clocks.find((clock) => clock.offset > offset)).us;
    return recordUs <= before + RECENT_US || ts > next + FUTURE_US;
  }
}

/** Where a delivery stands. */
interface Place {
  readonly partition: number;
  readonly offset: number;
  readonly recordUs: number;
}

interface ClockPlace {
  readonly offset: number;
  readonly us: number;
}

const clockAt = (atUs: number, partition: number): OutRecord => ({
  topic: 'ticks',
  key: null,
  value: JSON.stringify(controls.clockRecord(atUs)),
  timestampMs: atUs / 1000,
  partition,
});

function clockIn({ value }: OutRecord): number | null {
  const text = String(value);
  if (!text.includes('"clock"')) return null;
  return (JSON.parse(text) as { body: { ts: number } }).body.ts;
}

function valuesKey(item: Tick): string {
  const number = (value: number | string | null | undefined): number | null =>
    value === undefined || value === null ? null : Number(value);
  const values =
    item.kind === 'trade'
      ? [number(item.price), number(item.size), item.side ?? null]
      : [item.bid, item.ask, item.bid_size, item.ask_size].map(number);
  return JSON.stringify(values);
}

/** A record that is no delivery of an instrument. */
interface Extra {
  readonly atUs: number;
  readonly record: Omit<OutRecord, 'timestampMs'>;
  readonly isDead: boolean;
}

/** As the outbox sends them: to every partition, in each at a place of its own. */
function controlMoments(random: Random): Extra[] {
  const [paper, hasty] = [must(controls.BOTS[0]), must(controls.BOTS[1])];
  const sent: [number, Control][] = [
    ...controls.BOTS.map((bot): [number, Control] => [0, controls.botRecord(bot)]),
    [0.1, controls.cutRecord(busy(0.2), 1)],
    [0.15, controls.modelRecord(BTC, 'champion', 'first', 1)],
    [0.2, controls.modelRecord(EUR, 'shadow', 'second', 1)],
    [0.3, controls.haltRecord('paper', busy(0.5), 1)],
    [0.35, controls.botRecord({ ...paper, fee_bps: 2 }, 2)],
    // An older version comes again, and is void.
    [0.4, controls.botRecord(paper)],
    [0.5, controls.modelRecord(BTC, 'champion', 'third', 2)],
    [0.55, controls.cutRecord(busy(0.6), 2)],
    [0.6, controls.modelRecord(ETH, 'champion', 'fourth', 1)],
    [0.7, controls.modelRecord(BTC, 'retired', 'third', 3)],
    [0.9, controls.botRecord({ ...hasty, status: 'off' }, 2)],
  ];
  return sent.flatMap(([share, control]) =>
    Array.from({ length: PARTITIONS }, (_, partition) => ({
      atUs: busy(share + 0.04 * random()),
      record: { topic: 'ticks', key: null, value: JSON.stringify(control), partition },
      isDead: false,
    })),
  );
}

/** Every ten seconds, and for a while none: whoever sends them was away. */
function clockMoments(random: Random): Extra[] {
  const awayUs = BUSY_FROM_US + US_PER_MIN * (1 + random());
  const moments: Extra[] = [];
  for (let us = BUSY_FROM_US; us < BUSY_FROM_US + BUSY_US; us += CLOCK_STEP_US) {
    if (us > awayUs && us < awayUs + 100 * US_PER_S) continue;
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const atUs = us + 1000 * randomIndex(random, 1000);
      moments.push({ atUs, record: clockAt(atUs, partition), isDead: false });
    }
  }
  return moments;
}

const HALT = { account: 'paper', until_ts: 9e15, reason: 'a stranger says so' };

/** Records that are dead each for another reason, and one of a kind that nobody knows yet. */
function poisonMoments(random: Random): Extra[] {
  const key = instrumentKey(BTC);
  const { venue, symbol } = BTC;
  const good = { kind: 'trade', venue, symbol, id: '7', ts: BUSY_FROM_US, price: 1, size: 1 };
  const control = controls.botRecord(must(controls.BOTS[0]), 9);
  const halt = { type: 'halt', subject: 'paper', version: 9, body: HALT } as const;
  const dead: [string | null, unknown][] = [
    [key, '{"kind":'],
    [key, { ...good, price: -1 }],
    [key, { ...good, ts: 1.5 }],
    [instrumentKey(EUR), good],
    [null, good],
    [key, [good, { ...good, size: 'much' }]],
    [key, [good, control]],
    [key, control],
    [key, ''],
    [null, controls.forged(halt)],
  ];
  const moment = (ofKey: string | null, value: unknown, isDead: boolean): Extra => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const partition = randomIndex(random, PARTITIONS);
    const record = { topic: 'ticks', key: ofKey, value: text, partition };
    return { atUs: busy(random()), record, isDead };
  };
  const unknown = moment(key, { kind: 'auction', venue, symbol, price: 3 }, false);
  return [...dead.map(([ofKey, value]) => moment(ofKey, value, true)), unknown];
}

/** In time and sound, and QuestDB refuses its row. */
function refusedTrade(): Extra {
  const { venue, symbol, partition } = ETH;
  const atUs = busy(0.25);
  const trade = { kind: 'trade', venue, symbol, id: 'refused', ts: atUs, price: 100 };
  const value = JSON.stringify({ ...trade, size: REFUSED_SIZE });
  return {
    atUs,
    record: { topic: 'ticks', key: instrumentKey(ETH), value, partition },
    isDead: false,
  };
}

/** What somebody else has left in the derived topics. */
export const STRAYS: readonly OutRecord[] = ['features', 'predictions'].flatMap((topic) =>
  ['{"kind":', '{"kind":"feature"}', '{"kind":"weather"}'].map((value) => ({
    topic,
    key: null,
    value,
    timestampMs: FROM_US / 1000,
    partition: 1,
  })),
);
