/**
 * The task of the trades stage without servers: what it books, refuses, lists, and in which order.
 */
import { describe, expect, test } from 'vitest';
import { tradesStage, type TradesDeps } from '../../../pipelines/trades/trades.ts';
import type { LogRecord, OutRecord } from '../../../src/stream/stage.ts';
import type { BookRequest } from '../../../src/postgres/tables/booking.ts';
import { RememberedCheckpoints } from '../../support/stage-surroundings.ts';

const end = {
  kind: 'signal_end',
  signal_id: 's',
  venue: 'v',
  symbol: 'X',
  ts: 1,
  state: 'expired',
};
const values = [
  JSON.stringify({ ...end, reason: 'first' }),
  '{"kind":',
  JSON.stringify({ ...end, reason: 'second' }),
  JSON.stringify({ kind: 'weather' }),
  JSON.stringify({ ...end, ts: -1, reason: '' }),
];
const records = values.map((value, offset): LogRecord => ({
  ...{ topic: 'p-signals', partition: 1, offset, timestampUs: 5_000, key: null },
  value: Buffer.from(value),
}));
const heartbeat = (): Promise<void> => Promise.resolve();

async function taken(book: TradesDeps['book']) {
  const appended: OutRecord[] = [];
  const stage = tradesStage({
    checkpoints: new RememberedCheckpoints(),
    topicName: (name) => `p-${name}`,
    log: {
      append: (more) => {
        appended.push(...more);
        return Promise.resolve();
      },
    },
    count: () => () => undefined,
    book,
  });
  const task = await stage.open('p-signals', 1);
  const outcome = await task.process(records, heartbeat).then(
    () => 'done',
    (error: unknown) => String(error),
  );
  return { appended, outcome, position: task.position };
}
const offsets = (appended: readonly OutRecord[]): string[] =>
  appended.map(({ headers = {} }) => `${headers['source_offset']} ${headers['reason']}`);

describe('the trades stage', () => {
  test('books what is sound, refuses what is not and lists what nobody knows', async () => {
    let requested: BookRequest | undefined;
    const { appended, position } = await taken(async (request, onRefused) => {
      requested = request;
      const places = await onRefused([{ index: 1, reason: 'unbookable', detail: 'a rule' }]);
      expect(places.map(({ offset, reason }) => `${offset} ${reason}`)).toEqual([
        '1 bad_json',
        '4 schema',
        '2 unbookable',
      ]);
      return 'booked';
    });
    expect(requested?.records.map((record) => Reflect.get(record, 'reason') as string)).toEqual([
      'first',
      'second',
    ]);
    expect(requested?.kinds).toEqual([
      { topic: 'p-signals', partition: 1, offset: 3, kind: 'weather', records: 1 },
    ]);
    expect(offsets(appended)).toEqual(['1 bad_json', '4 schema', '2 unbookable']);
    expect(appended[0]).toMatchObject({ topic: 'p-dead-letters', value: records[1]?.value });
    expect(position).toBe(5);
  });

  test('a batch that is booked again makes no dead letter twice, and all of it is noted each time', async () => {
    const { appended } = await taken(async (_, onRefused) => {
      await onRefused([]);
      const again = await onRefused([{ index: 0, reason: 'refused_by_postgres', detail: 'x' }]);
      expect(again.length).toBe(3);
      return 'booked';
    });
    expect(offsets(appended)).toEqual(['1 bad_json', '4 schema', '0 refused_by_postgres']);
  });

  test('without its partition, or without the books, its position stays', async () => {
    const fenced = await taken(() => Promise.resolve('fenced'));
    expect(fenced).toMatchObject({ appended: [], position: 0 });
    expect(fenced.outcome).toMatch(/no longer owns/);
    const broken = await taken(() => Promise.reject(new Error('away')));
    expect(broken).toMatchObject({ appended: [], position: 0, outcome: 'Error: away' });
  });
});
