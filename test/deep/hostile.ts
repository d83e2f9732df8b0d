/**
 * Two thousand hostile records on every topic that a stage reads, drawn from a seed, among good
 * ones: every good one is stored or booked, every bad one is told exactly once where it belongs (a
 * dead letter, the list of unknown kinds, a quality event), no process ends, and nothing stands.
 *
 *   node --import tsx test/deep/hostile.ts --seed 7 --records 2000
 */
import { gzipSync } from 'node:zlib';
import { parseArgs } from 'node:util';
import { must } from '../../src/assert.ts';
import { nowMs, nowUs } from '../../src/clock.ts';
import { US_PER_DAY, US_PER_S } from '../../src/domain/time.ts';
import type { Fill } from '../../src/domain/wire.ts';
import { randomIndex, seededRandom } from '../../src/random.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import { Bed, STAGES } from '../faults/bed.ts';
import { report, type ProofResult } from '../support/report.ts';
import { readTopic } from '../support/topics.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    records: { type: 'string', default: '2000' },
    report: { type: 'string' },
  },
});

const random = seededRandom(Number(values.seed));
const COUNT = Number(values.records);
/** One good record in so many. */
const GOOD_EVERY = 10;
const NOW = Math.floor(nowUs() / US_PER_S) * US_PER_S - 600 * US_PER_S;
const pickOne = <T>(of: readonly T[]): T => of[randomIndex(random, of.length)] as T;

type Json = Record<string, unknown>;
type Fate = 'good' | 'dead' | 'kind' | 'future';

interface Drawn extends OutRecord {
  readonly fate: Fate;
}

let serial = 0;
const at = (): number => NOW + ++serial * 1000;
const instrument = { venue: 'hostile', symbol: 'A/USD' };
const key = 'hostile:A/USD';
const clocks = (): Json => {
  const ts = at();
  return { ts, decided_ts: ts, known_at: ts };
};

/** Good records by topic. */
const GOOD: Readonly<Record<string, () => { readonly key: string; readonly json: Json }>> = {
  ticks: () => ({
    key,
    json: { kind: 'trade', ...instrument, id: `t${++serial}`, ts: at(), price: '10.5', size: 1 },
  }),
  'ticks-backfill': () => ({
    key,
    json: {
      ...{ kind: 'trade', ...instrument, id: `b${++serial}`, price: 10.5, size: 1 },
      ts: at() - 40 * US_PER_DAY,
    },
  }),
  features: () => {
    const times = clocks();
    const id = `default:${key}:${String(times['ts'])}`;
    const what = { feature_id: id, feature_set: 'hostile', candles: [], values: {}, flags: [] };
    return { key, json: { kind: 'feature', ...instrument, ...times, ...what } };
  },
  predictions: () => {
    const numbers = { horizon_s: 3600, probability_up: 0.5, expected_return: 0, close: 10 };
    const ids = { prediction_id: `p${++serial}`, feature_id: `f${serial}`, model_id: 'm' };
    const slot = { slot: 'champion', label_spec: 'direction_1h@1', verdict: 'ok' };
    return {
      key,
      json: { kind: 'prediction', ...instrument, ...clocks(), ...numbers, ...ids, ...slot },
    };
  },
  signals: () => {
    const times = clocks();
    const ids = { signal_id: `s${++serial}`, prediction_id: 'p', feature_id: 'f', model_id: 'm' };
    const who = { bot: 'b', account: 'hostile-paper', strategy: 'direction', timeframe: '1m' };
    const numbers = { entry: '10', stop_loss: '9', take_profit: '12', risk_reward: '2', size: '1' };
    const rest = { direction: 'buy', confidence: 0.6, reason: 'r', indicators: {} };
    return {
      key,
      json: {
        ...{ kind: 'signal', ...ids, ...who, ...instrument, ...times, ...numbers, ...rest },
        expires_at: Number(times['ts']) + US_PER_S,
      },
    };
  },
  fills: () => {
    const id = ++serial;
    const fill: Fill = {
      ...{ kind: 'fill', fill_id: `x${id}`, order_id: `o${id}`, trade_id: `tr${id}` },
      ...{ signal_id: null, prediction_id: null, model_id: null, bot: null },
      ...{ account: 'hostile-paper', venue: 'hostile', symbol: 'A/USD', ts: at() },
      ...{ intent: 'entry', side: 'buy', order_type: 'market', price: '10.5', size: '1' },
      ...{ fee: '0.01', fee_currency: 'USD', fx_rate: '1', liquidity: 'taker', mode: 'paper' },
      reason: 'signal',
    };
    return { key: 'hostile-paper', json: { ...fill } };
  },
};

/** What each topic's records cannot be without. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  ticks: ['venue', 'symbol', 'ts', 'price', 'size'],
  'ticks-backfill': ['venue', 'symbol', 'ts', 'price', 'size'],
  features: ['feature_id', 'venue', 'symbol', 'ts', 'known_at', 'candles', 'values', 'flags'],
  predictions: ['prediction_id', 'venue', 'symbol', 'ts', 'label_spec', 'slot', 'verdict'],
  signals: ['signal_id', 'venue', 'symbol', 'ts', 'direction', 'entry', 'size', 'expires_at'],
  fills: ['fill_id', 'account', 'venue', 'symbol', 'ts', 'side', 'price', 'size', 'fee'],
};

const NO_TEXT: readonly unknown[] = [
  ...[null, true, {}, [1], { a: 1 }, -1, 1e308, '', '\u0000', 'a\u0000b', 'x'.repeat(100_000)],
];
const NO_NUMBER: readonly unknown[] = [
  ...NO_TEXT,
  ...['NaN', 'Infinity', '0x10', '1e9999', '--1', '１２', '\ud800', '1,5', ' 1'],
];
const NUMBERS = new Set(['ts', 'known_at', 'price', 'size', 'entry', 'fee', 'expires_at']);

/** What the field may never be. */
function never(field: string): unknown {
  const wrong = pickOne(NUMBERS.has(field) ? NO_NUMBER : NO_TEXT);
  // No values at all are fine.
  return field === 'values' && JSON.stringify(wrong) === '{}' ? 7 : wrong;
}

const garbage = (): string | Buffer | null =>
  pickOne<string | Buffer | null>([
    ...['', '{', '[', 'null', '7', '"x"', '[]', '[[[]]]', 'true', '{"kind":7}', '{}', '\u0000'],
    ...['['.repeat(20_000), `{"a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`],
    ...[Buffer.from([0xff, 0xfe, 0x00]), gzipSync('x'), Buffer.alloc(300_000, 0x61), null],
    ...[`{"__proto__":{"kind":"trade"},"kind":1}`, '\ufeff{}', 'kind=trade', '<xml/>'],
  ]);

/** A record that is good but for one thing, with the thing that has to become of it. */
function hostile(topic: string): Drawn {
  const good = must(GOOD[topic])();
  const base = { topic, timestampMs: nowMs(), key: good.key };
  const dead = (value: string | Buffer | null, ofKey: string | null = base.key): Drawn => ({
    ...{ ...base, key: ofKey, value, fate: 'dead' },
  });
  const json = { ...good.json };
  switch (randomIndex(random, 8)) {
    case 0:
      return dead(garbage());
    case 1:
      delete json[pickOne(must(NEEDED[topic]))];
      return dead(JSON.stringify(json));
    case 2:
    case 3: {
      const field = pickOne(must(NEEDED[topic]));
      json[field] = never(field);
      return dead(JSON.stringify(json));
    }
    case 4: {
      const text = JSON.stringify(json);
      return dead(text.slice(0, 1 + randomIndex(random, text.length - 1)));
    }
    case 5:
      return dead(JSON.stringify(json), pickOne(['hostile:B/USD', 'other', 'hostile', ':']));
    case 6:
      json['kind'] = pickOne(['depth', 'auction', 'Trade', 'fill2', 'K\u0000']);
      return { ...base, value: JSON.stringify(json), fate: 'kind' };
    default:
      if (!topic.startsWith('ticks')) return dead(JSON.stringify([json]));
      json['ts'] = nowUs() + US_PER_DAY * (1 + randomIndex(random, 10_000));
      return { ...base, value: JSON.stringify(json), fate: 'future' };
  }
}

function drawn(topic: string): Drawn[] {
  return Array.from({ length: COUNT + Math.floor(COUNT / GOOD_EVERY) }, (_, i) => {
    if (i % (GOOD_EVERY + 1) !== 0) return hostile(topic);
    const good = must(GOOD[topic])();
    const value = JSON.stringify(good.json);
    return { topic, timestampMs: nowMs(), key: good.key, value, fate: 'good' as const };
  });
}

const results: ProofResult[] = [];
function check(fullName: string, holds: boolean, found = ''): void {
  results.push({ status: holds ? 'passed' : 'failed', fullName });
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${fullName}${found === '' ? '' : `: ${found}`}`);
}

async function main(): Promise<number> {
  const bed = await Bed.open({ TICKLOOM_PARTITIONS: '1', TICKLOOM_RETRAIN_EVERY: '366d' });
  try {
    for (const stage of STAGES) await bed.keep(stage);
    const pids = STAGES.map((stage) => bed.child(stage).pid);
    for (const topic of Object.keys(GOOD)) await prove(bed, topic);
    check(
      'no process has ended',
      STAGES.every((stage, i) => bed.child(stage).pid === pids[i]),
    );
    const lags = await bed.context.flowProbe().lags();
    check(
      'nothing is behind',
      lags.every(({ lag }) => lag === 0),
      JSON.stringify(lags),
    );
  } finally {
    await bed.close();
  }
  return report(results, values.report);
}

/** Sends a topic's records and holds what became of each against its fate. */
async function prove(bed: Bed, topic: string): Promise<void> {
  const { context } = bed;
  const before = (await readTopic(context, topic)).length;
  const records = drawn(topic);
  for (let i = 0; i < records.length; i += 100) {
    await context.outLog().append(records.slice(i, i + 100));
  }
  await bed.drain();
  const log = await readTopic(context, topic);
  const fates = new Map<number, Drawn>();
  // Clocks come between them: found again by their bytes, in order.
  let next = 0;
  for (const { offset, key: ofKey, value } of log.slice(before)) {
    const record = records[next];
    if (record === undefined) break;
    const bytes = record.value === null ? null : Buffer.from(record.value);
    const same = bytes === null ? value === null : value !== null && bytes.equals(value);
    if (!same || ofKey !== record.key) continue;
    fates.set(offset, record);
    next += 1;
  }
  check(`${topic}: all are in the log`, next === records.length, `${next} of ${records.length}`);
  const offsetsWithFate = (fate: Fate): number[] =>
    [...fates].flatMap(([offset, record]) => (record.fate === fate ? [offset] : []));
  await letters(bed, topic, offsetsWithFate('dead'), fates);
  await kinds(bed, topic, offsetsWithFate('kind').length);
  await stored(bed, topic, offsetsWithFate('good').length, offsetsWithFate('future').length);
}

async function letters(
  bed: Bed,
  topic: string,
  expected: readonly number[],
  fates: ReadonlyMap<number, Drawn>,
): Promise<void> {
  const all = await readTopic(bed.context, 'dead-letters');
  const found = all
    .filter(({ headers }) => headers['source_topic'] === topic)
    .map(({ headers }) => Number(headers['source_offset']))
    .toSorted((a, b) => a - b);
  const wanted = new Set(expected);
  const got = new Set(found);
  const missing = expected.filter((offset) => !got.has(offset));
  const extra = found.filter((offset) => !wanted.has(offset));
  const show = (offsets: readonly number[]): string =>
    offsets
      .slice(0, 3)
      .map((offset) => String(fates.get(offset)?.value).slice(0, 300))
      .join('\n      ');
  check(`${topic}: each bad record is one dead letter`, missing.length + extra.length === 0);
  if (missing.length > 0) console.log(`   ${missing.length} missing:\n      ${show(missing)}`);
  if (extra.length > 0) console.log(`   ${extra.length} too many:\n      ${show(extra)}`);
  check(`${topic}: none twice`, got.size === found.length, `${found.length - got.size} repeats`);
}

async function kinds(bed: Bed, topic: string, expected: number): Promise<void> {
  const { rows } = await bed.context.postgres.query<{ records: number }>(
    'SELECT coalesce(sum(records), 0)::int AS records FROM unknown_kinds WHERE topic = $1',
    [topic],
  );
  const found = rows[0]?.records ?? 0;
  check(`${topic}: unknown kinds are listed`, found === expected, `${found} of ${expected}`);
}

const TABLE_OF: Readonly<Record<string, string>> = {
  ticks: "SELECT count() AS n FROM ticks WHERE venue = 'hostile' AND id LIKE 't%'",
  'ticks-backfill': "SELECT count() AS n FROM ticks WHERE venue = 'hostile' AND id LIKE 'b%'",
  features: "SELECT count() AS n FROM features WHERE feature_set = 'hostile'",
  predictions: "SELECT count() AS n FROM predictions WHERE model_id = 'm'",
};

async function stored(bed: Bed, topic: string, good: number, future: number): Promise<void> {
  const { context } = bed;
  const sql = TABLE_OF[topic];
  let n: number;
  if (sql === undefined) {
    const table = topic === 'signals' ? 'signals' : 'fills';
    const { rows } = await context.postgres.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${table} WHERE account = 'hostile-paper'`,
    );
    n = rows[0]?.n ?? 0;
  } else {
    const rows = await context.questdbReader().query<{ n: number }>(sql);
    n = rows[0]?.n ?? 0;
  }
  check(`${topic}: every good record is stored`, n === good, `${n} of ${good}`);
  if (!topic.startsWith('ticks')) return;
  const events = await context.questdbReader().query<{ n: number }>(
    `SELECT sum(coalesce(json_extract(detail, '$.count')::long, 1)) AS n FROM quality_events
     WHERE kind = 'future' AND source LIKE $1`,
    [`${topic}/%`],
  );
  const reported = events[0]?.n ?? 0;
  check(`${topic}: what is of the future is told`, reported === future, `${reported} of ${future}`);
}

process.exitCode = await main();
setTimeout(() => process.exit(), 5_000).unref();
