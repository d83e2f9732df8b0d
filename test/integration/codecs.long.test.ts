/** Records of a producer of Java's, in every codec that Kafka knows, through the whole flow. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureArtefacts } from '../../infra/local/artefacts.ts';
import { FetchedMessage } from '../../src/kafka/fetch.ts';
import { loadConfig } from '../../src/config/config.ts';
import { parseUs, US_PER_HOUR } from '../../src/domain/time.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { Installation } from '../support/installation.ts';

const FROM = parseUs('2026-01-05');
const PRODUCER = new URL('../support/ForeignProducer.java', import.meta.url).pathname;
const HOURS = 2;

const ways = ['none', 'gzip', 'snappy', 'lz4', 'zstd'].flatMap((codec) =>
  [false, true].map((inTransaction) => ({
    codec,
    inTransaction,
    venue: inTransaction ? `${codec}-tx` : codec,
  })),
);

describe('foreign producers', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-foreign-'));
  let installation: Installation;
  let jars: readonly string[];

  beforeAll(async () => {
    jars = (await ensureArtefacts(loadConfig(), { notify: () => undefined })).kafkaJars;
    installation = new Installation();
    for (const name of ['stream', 'sink'] as const) await installation.start(name);
  });
  afterAll(async () => {
    await installation.close();
    rmSync(dir, { recursive: true, force: true });
  });

  interface Produced {
    readonly venue: string;
    readonly codec: string;
    readonly end: 'none' | 'commit' | 'abort';
  }

  /** The same market under several venues, one after the other; how many records each has. */
  function produce(...wanted: readonly Produced[]): number[] {
    const { config, topicName } = installation.context;
    const args = [config.kafkaBrokers.join(','), topicName('ticks')];
    const counts = wanted.map(({ venue, codec, end }) => {
      const lines = makeLines(venue);
      const file = join(dir, venue);
      writeFileSync(file, lines.join('\n'));
      args.push(codec, end, file);
      return lines.length;
    });
    const { status, stderr } = spawnSync('java', ['-cp', jars.join(delimiter), PRODUCER, ...args], {
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect(status, stderr).toBe(0);
    return counts;
  }

  function makeLines(venue: string): string[] {
    const range = { fromUs: FROM, toUs: FROM + HOURS * US_PER_HOUR };
    const market = { seed: 5, venue, symbols: ['A/USD'], rate: 0.3, edge: 'none' } as const;
    return [...mergedTrades({ ...market, ...range })].map(
      ({ tick }) => `${tick.venue}:${tick.symbol}\t${JSON.stringify(tick)}`,
    );
  }

  test('every codec, in transactions and without, makes the same rows', async () => {
    const counts = produce(
      ...ways.map(({ venue, codec, inTransaction }) => {
        const end = inTransaction ? 'commit' : 'none';
        return { venue, codec, end } as const;
      }),
    );
    expect(await installation.context.flowProbe().drain(90_000)).toEqual([]);
    const rows = async (table: string, venue: string): Promise<string[]> =>
      (await installation.dump(table, venue))
        .map((row) => row.replaceAll(`"${venue}`, '"V').replaceAll(`:${venue}:`, ':V:'))
        .map((row) => row.replaceAll(/"known_at":\d+/g, ''))
        .toSorted();
    const ticks = await rows('ticks', 'none');
    expect(ticks.length).toBe(counts[0]);
    expect(ticks.length).toBeGreaterThan(1_500);
    const candles = await rows('candles', 'none');
    expect(candles.length).toBeGreaterThan(100);
    for (const { venue } of ways) {
      expect(await rows('ticks', venue), venue).toEqual(ticks);
      expect(await rows('candles', venue), venue).toEqual(candles);
    }
  });

  test('what was aborted is no record, and is passed', async () => {
    const counts = produce(
      { venue: 'aborted', codec: 'lz4', end: 'abort' },
      { venue: 'behind', codec: 'lz4', end: 'none' },
    );
    expect(Math.min(...counts)).toBeGreaterThan(1_500);
    expect(await installation.context.flowProbe().drain(90_000)).toEqual([]);
    expect(await installation.dump('ticks', 'aborted')).toEqual([]);
    expect((await installation.dump('ticks', 'behind')).length).toBeGreaterThan(1_500);
  });

  test('compressed batches take our own decoder, those in transactions that of kafkajs', async () => {
    const { context } = installation;
    const consumer = context.kafka.consumer({ groupId: `codecs-${process.pid}` });
    const own = new Map<string, Set<boolean>>();
    await consumer.connect();
    await consumer.subscribe({ topic: context.topicName('ticks'), fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      setTimeout(() => reject(new Error(`only ${[...own.keys()].join()}`)), 30_000).unref();
      void consumer.run({
        eachBatch: async ({ batch }) => {
          for (const message of batch.messages) {
            const [venue = ''] = String(message.key).split(':');
            const seen = own.get(venue) ?? new Set();
            own.set(venue, seen.add((message as object) instanceof FetchedMessage));
          }
          if (ways.every(({ venue }) => own.has(venue))) resolve();
        },
      });
    });
    await consumer.disconnect();
    // What shares a fetch with a transaction goes kafkajs's way too.
    const plain = ways.filter(({ inTransaction }) => !inTransaction);
    expect(plain.filter(({ venue }) => own.get(venue)?.has(true)).length).toBeGreaterThan(0);
    for (const { venue, inTransaction } of ways) {
      if (inTransaction) expect([...(own.get(venue) ?? [])], venue).toEqual([false]);
    }
  });
});
