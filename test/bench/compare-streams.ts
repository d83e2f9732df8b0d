/** What our stream and the plain one have made of the same ticks: candles, and indicators. */
import { assert, must } from '../../src/assert.ts';
import type { Timeframe } from '../../src/domain/candle.ts';
import { instrumentKey, type Candle, type Feature } from '../../src/domain/wire.ts';
import type { Bed } from '../faults/bed.ts';
import { TRADING_SIGNALS } from './peer-features.ts';
import { readTopic } from './read-topic.ts';

/** Windows without memory of how they began. */
const SEEDLESS = [
  'return_1m',
  'stoch_k_1m',
  'willr_14_1m',
  'cci_20_1m',
  'roc_10_1m',
  'sma_distance_20_1m',
  'bb_width_20_1m',
  'bb_position_20_1m',
];

interface Plain {
  readonly venue: string;
  readonly symbol: string;
  readonly ts: number;
  readonly candles: readonly Omit<Candle, 'start_ts'>[];
  readonly values: Readonly<Record<Timeframe, readonly (number | null)[]>>;
}

/** Throws where they differ; says how much was compared. */
export async function compareStreams(bed: Bed, plainTopic: string): Promise<string> {
  const ours = new Map<string, Feature>();
  await readTopic(bed, 'features', (value) => {
    const feature = JSON.parse(value) as Feature;
    ours.set(`${instrumentKey(feature)}|${feature.ts}`, feature);
  });
  const theirs = new Map<string, Plain>();
  await readTopic(bed, plainTopic, (value) => {
    const plain = JSON.parse(value) as Plain;
    theirs.set(`${instrumentKey(plain)}|${plain.ts}`, plain);
  });
  assert(ours.size > 0 && ours.size === theirs.size, `${ours.size} instants, ${theirs.size} there`);
  let candles = 0;
  const pairs = new Map<string, { place: string; value: number; their: number }[]>();
  for (const [place, feature] of ours) {
    const plain = must(theirs.get(place), `${place} is there too`);
    for (const [i, candle] of feature.candles.entries()) {
      equalCandles(place, candle, must(plain.candles[i], `${place} has as many candles`));
      candles += 1;
    }
    for (const name of SEEDLESS) {
      const value = feature.values[name] ?? null;
      const their = plain.values['1m'][TRADING_SIGNALS.names['1m'].indexOf(name)] ?? null;
      if (value === null || their === null) continue;
      const of = pairs.get(name) ?? [];
      pairs.set(name, of);
      of.push({ place, value, their });
    }
  }
  for (const [name, of] of pairs) equalValues(name, of);
  const numbers = [...pairs.values()].reduce((sum, of) => sum + of.length, 0);
  assert(pairs.size === SEEDLESS.length, 'every indicator is compared');
  return `${candles} candles and ${numbers} indicator values equal to the plain one's`;
}

/**
 * Within 1e-9 of the value, or of its usual size where it is nearer to zero: it is then the small
 * difference of two large numbers.
 */
function equalValues(
  name: string,
  pairs: readonly { place: string; value: number; their: number }[],
): void {
  const usual = pairs.reduce((sum, { value }) => sum + Math.abs(value), 0) / pairs.length;
  for (const { place, value, their } of pairs) {
    const isEqual = Math.abs(value - their) <= 1e-9 * Math.max(Math.abs(value), usual);
    assert(isEqual, `${name} at ${place} is ${value} here and ${their} there`);
  }
}

function equalCandles(place: string, ours: Candle, theirs: Omit<Candle, 'start_ts'>): void {
  for (const name of ['timeframe', 'open', 'high', 'low', 'close', 'trades'] as const) {
    const isEqual = ours[name] === theirs[name];
    assert(isEqual, `${name} at ${place} is ${ours[name]} here and ${theirs[name]} there`);
  }
  const isEqual = Math.abs(ours.volume - theirs.volume) <= 1e-9 * ours.volume;
  assert(isEqual, `volume at ${place} is ${ours.volume} here and ${theirs.volume} there`);
}

/** How many different records a topic has, by their id. */
export async function countRecords(bed: Bed, topic: string, id: string): Promise<number> {
  const ids = new Set<unknown>();
  await readTopic(bed, topic, (value) => {
    const found = (JSON.parse(value) as Record<string, unknown>)[id];
    if (found !== undefined) ids.add(found);
  });
  return ids.size;
}
