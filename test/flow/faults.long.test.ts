/**
 * A stage that dies between effect and commit, and a log full of garbage: the tables do not care.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mergedTrades } from '../../src/market/merged.ts';
import { parseUs, US_PER_HOUR } from '../../src/domain/time.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import { Installation } from '../support/installation.ts';
import { readTopic } from '../support/topics.ts';

const FROM = parseUs('2026-01-05');

const market = (venue: string, symbol: string, hours: number) =>
  mergedTrades({
    seed: 11,
    venue,
    symbols: [symbol],
    fromUs: FROM,
    toUs: FROM + hours * US_PER_HOUR,
    rate: 0.3,
    edge: 'none',
  });

describe('faults', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = new Installation();
    for (const name of ['stream', 'sink', 'money', 'jobs'] as const) await installation.start(name);
  });
  afterAll(() => installation.close());

  test('stream and sink killed between effect and commit leave the tables of an undisturbed run', async () => {
    await installation.feed(market('undisturbed', 'A/USD', 8));
    for (const [name, point] of [
      ['stream', 'stream.after_append:1500'],
      ['sink', 'sink.after_write:1500'],
    ] as const) {
      await installation.stop(name);
      await installation.start(name, { TICKLOOM_FAIL_AT: point });
    }
    const { context } = installation;
    const { runFeed } = await import('../../pipelines/feed/feeding.ts');
    await runFeed(context, { source: market('killed', 'A/USD', 8), notify: () => undefined });
    for (const name of ['stream', 'sink'] as const) {
      expect(await installation.ended(name)).toBe('SIGKILL');
      expect(installation.output(name)).toMatch(/fail point \w+\.\w+: \d{4,} records passed/);
      await installation.start(name);
    }
    await installation.drain();
    expect(await repeatsIn(installation, 'features', 'feature_id')).toBeGreaterThan(0);
    expect(await repeatsIn(installation, 'predictions', 'prediction_id')).toBeGreaterThan(0);
    for (const table of ['ticks', 'candles', 'features', 'predictions', 'labels']) {
      const as = (venue: string) => async (): Promise<string[]> =>
        (await installation.dump(table, venue)).map((row) => row.replaceAll(venue, 'V')).toSorted();
      const expected = await as('undisturbed')();
      expect(expected.length, table).toBeGreaterThan(100);
      expect(await as('killed')(), table).toEqual(expected);
    }
  });

  test('garbage is a dead letter once, by its offset, its neighbours are untouched, nothing stops', async () => {
    const topic = installation.context.topicName('ticks');
    const key = 'garbage:A/USD';
    const tick = (ts: number, id: string, more: object = {}): string =>
      JSON.stringify({
        kind: 'trade',
        venue: 'garbage',
        symbol: 'A/USD',
        id,
        ts,
        price: 100,
        size: 1,
        ...more,
      });
    const record = (value: string, more: Partial<OutRecord> = {}): OutRecord => ({
      topic,
      key,
      value,
      timestampMs: FROM / 1000,
      partition: 0,
      ...more,
    });
    const dead = [
      '{"kind":"trade"',
      'null',
      '[]',
      '[[[[[[]]]]]]',
      '['.repeat(50_000),
      tick(FROM, 'x', { price: 'abc' }),
      tick(FROM, 'x', { price: -5 }),
      tick(FROM, 'x', { ts: 'yesterday' }),
      tick(FROM, 'x', { symbol: 'B/USD' }),
      tick(FROM, 'x', { symbol: "A'; DROP TABLE ticks" }),
      tick(FROM, 'x', { symbol: 'A\nticks,venue=v price=1' }),
      tick(FROM, 'x').replace('"price":100', '"price":1e400'),
      `[${tick(FROM, 'y')},${tick(FROM, 'z', { size: -1 })}]`,
      `"${'a'.repeat(1_000_000)}"`,
      JSON.stringify({
        kind: 'control',
        control_id: 'c',
        version: 1,
        type: 'halt',
        subject: 'paper',
        body: { account: 'paper', until_ts: 9e15 },
        hmac: '0'.repeat(64),
      }),
    ];
    const isControl = (value: string): boolean => value.includes('"control"');
    const records = dead.flatMap((value, i) => [
      record(tick(FROM + i * 1_000_000, String(i))),
      record(value, isControl(value) ? { key: null } : {}),
    ]);
    const year2100 = parseUs('2100-01-01');
    records.push(
      record(
        JSON.stringify({ kind: 'heartbeat', venue: 'garbage', symbol: 'A/USD', ts: year2100 }),
      ),
      record(tick(FROM + 60_000_000, 'last')),
    );
    const eventsNow = () =>
      installation.reader.query<{ kind: string; source: string; detail: string }>(
        `SELECT kind, source, detail FROM quality_events
         WHERE venue = 'garbage' OR kind = 'malformed'`,
      );
    await installation.append(records);
    await installation.drain();
    const events = await eventsNow();
    const malformed = events.filter(({ kind }) => kind === 'malformed');
    expect(malformed.length).toBe(dead.length);
    expect(new Set(malformed.map(({ source }) => source)).size).toBe(dead.length);
    expect(events.filter(({ kind }) => kind === 'future').length).toBe(1);
    const sources = malformed.map(({ source }) => source).toSorted();
    expect(await deadLetters(installation)).toEqual(sources);
    const stored = await installation.dump('ticks', 'garbage');
    expect(stored.length, 'every neighbour is stored').toBe(dead.length + 1);
    await installation.feed(market('after-garbage', 'A/USD', 1));
    expect((await installation.dump('candles', 'after-garbage')).length).toBeGreaterThan(50);
  });
});

/** The sources of all dead letters. */
async function deadLetters({ context }: Installation): Promise<string[]> {
  const letters = await readTopic(context, 'dead-letters');
  const sources = letters.map(({ headers: h }) =>
    [h['source_topic'], h['source_partition'], h['source_offset']].join('/'),
  );
  return sources.toSorted();
}

/** How many records of a topic lie there again, byte for byte; an id never has two contents. */
async function repeatsIn({ context }: Installation, topic: string, id: string): Promise<number> {
  const byId = new Map<unknown, string>();
  let repeats = 0;
  for (const { value } of await readTopic(context, topic)) {
    const text = String(value);
    const of = (JSON.parse(text) as Record<string, unknown>)[id];
    const before = byId.get(of);
    if (before !== undefined) {
      repeats += 1;
      expect(text).toBe(before);
    }
    byId.set(of, text);
  }
  return repeats;
}
