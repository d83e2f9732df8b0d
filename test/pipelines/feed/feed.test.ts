import { describe, expect, test } from 'vitest';
import { feedTicks, type FeedTick } from '../../../pipelines/feed/feed.ts';
import { IMPORT_HEADERS } from '../../../src/domain/imported.ts';
import { floorTo, US_PER_DAY, US_PER_HOUR, US_PER_MS } from '../../../src/domain/time.ts';
import type { Tick } from '../../../src/domain/wire.ts';
import type { OutRecord } from '../../../src/stream/stage.ts';

const HOUR = US_PER_HOUR;

const tickAt = (ts: number, more: object = {}): Tick =>
  ({ kind: 'trade', venue: 'v', symbol: 'A', id: '1', ts, price: 1, size: 1, ...more }) as Tick;
const at = (ts: number, receivedUs = ts, more: object = {}): FeedTick => ({
  tick: tickAt(ts, more),
  receivedUs,
});

/** What is appended, and the sync points that were reached, in the order in which they came. */
async function fed(source: readonly FeedTick[]): Promise<{ log: OutRecord[]; story: string[] }> {
  const log: OutRecord[] = [];
  const story: string[] = [];
  await feedTicks(source, {
    topic: 'ticks',
    log: {
      append: (records) => {
        for (const record of records) {
          log.push(record);
          const json = JSON.parse(String(record.value)) as Tick | Tick[];
          story.push(
            [json]
              .flat()
              .map(({ kind, ts }) => `${kind} ${ts / HOUR}`)
              .join(' + '),
          );
        }
        return Promise.resolve();
      },
    },
    syncPoints: {
      next: (ts) => Math.floor(ts / HOUR) * HOUR + HOUR,
      reach: (ts) => {
        story.push(`sync point ${ts / HOUR}`);
        return Promise.resolve();
      },
    },
  });
  return { log, story };
}

describe('a feed', () => {
  test('puts ticks of one instrument and one millisecond of receipt into one frame', async () => {
    const ms = 5 * US_PER_MS;
    const { log } = await fed([at(1, ms), at(2, ms + 999), at(3, ms + 1_000)]);
    expect(log.map(({ timestampMs }) => timestampMs)).toEqual([5, 6]);
    expect(JSON.parse(String(log[0]?.value))).toEqual([tickAt(1), tickAt(2)]);
    expect(JSON.parse(String(log[1]?.value))).toEqual(tickAt(3));
  });

  test('stops at every sync point behind all that came before it and a heartbeat', async () => {
    const { story } = await fed([at(0.5 * HOUR), at(HOUR), at(3.5 * HOUR)]);
    expect(story).toEqual([
      'trade 0.5',
      'trade 1',
      'heartbeat 1',
      'sync point 1',
      'heartbeat 2',
      'sync point 2',
      'heartbeat 3',
      'sync point 3',
      'trade 3.5',
    ]);
  });

  test('lets a tick that is dated ahead of its receipt bring no sync point forward', async () => {
    const ahead = at(0.5 * HOUR + 30_000 * US_PER_DAY, 0.5 * HOUR);
    const { story } = await fed([at(0.4 * HOUR), ahead, at(0.6 * HOUR)]);
    expect(story.filter((line) => line.startsWith('sync point'))).toEqual([]);
    expect(story).toHaveLength(3);
  });
});

test('what is fed as an import says so in every record, heartbeats too', async () => {
  const log: OutRecord[] = [];
  const append = (records: readonly OutRecord[]): Promise<void> =>
    Promise.resolve(void log.push(...records));
  const syncPoints = {
    next: (ts: number) => floorTo(ts, HOUR) + HOUR,
    reach: () => Promise.resolve(),
  };
  const source = [at(0.5 * HOUR), at(1.5 * HOUR)];
  await feedTicks(source, { topic: 'ticks', log: { append }, syncPoints, headers: IMPORT_HEADERS });
  expect(log).toHaveLength(3);
  expect(log.every(({ headers }) => headers?.['imported'] === '1')).toBe(true);
  expect((await fed(source)).log.some((record) => 'headers' in record)).toBe(false);
});
