/** Server-sent events on real servers: what is written to the tables reaches a client. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QuestDbWriter } from '../../src/questdb/writer.ts';
import { must } from '../../src/assert.ts';
import { parseUs, US_PER_MIN } from '../../src/domain/time.ts';
import { candles } from '../../src/questdb/tables/candles.ts';
import { minuteCandles, seedMarket, type Market } from './market.ts';
import { startServer, type ServerUnderTest } from './server-under-test.ts';

const market: Market = {
  venue: 'streamtest',
  symbol: 'EUR/USD',
  account: 'streamtest',
  endUs: parseUs('2014-05-09T20:00:00Z'),
  minutes: 200,
};

interface SseEvent {
  type: string;
  id: string;
  data: Record<string, unknown>;
}

let server: ServerUnderTest;
let writer: QuestDbWriter;

beforeAll(async () => {
  server = await startServer();
  await seedMarket(server.postgres, server.questdb, server.config.questdbUrl, market);
  writer = new QuestDbWriter({ url: server.config.questdbUrl });
});
afterAll(async () => {
  writer.close();
  await server.close();
});

/** A client that hands out its events one by one. */
async function connect(lastId?: string) {
  const abort = new AbortController();
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
  const query = `venue=streamtest&symbol=${encodeURIComponent(market.symbol)}`;
  const response = await fetch(`${server.url}/v1/stream?${query}`, {
    headers,
    signal: abort.signal,
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const reader = must(response.body).pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  const next = async (): Promise<SseEvent> => {
    for (;;) {
      const end = buffer.indexOf('\n\n');
      if (end < 0) {
        const { value, done } = await reader.read();
        if (done) throw new Error('the stream has ended');
        buffer += value;
        continue;
      }
      const block = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      const field = (name: string): string =>
        new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
      if (field('event') === '') continue;
      const data = JSON.parse(field('data')) as Record<string, unknown>;
      return { type: field('event'), id: field('id'), data };
    }
  };
  return { next, close: () => abort.abort() };
}

async function addCandle(number: number): Promise<void> {
  const last = must(minuteCandles(market).at(-1));
  await writer.write(candles, [Object.assign({}, last, { ts: last.ts + number * US_PER_MIN })]);
}

test('a client gets what is new, and goes on behind its last id after a break', async () => {
  const first = await connect();
  expect((await first.next()).type).toBe('reset');
  await addCandle(1);
  const candle = await first.next();
  expect(candle).toMatchObject({ type: 'candle', data: { ts: '2014-05-09T20:00:00.000000Z' } });
  await server.postgres.query(
    `UPDATE trades SET state = 'closed', exit_reason = 'expiry',
       closed_at = opened_at + interval '1 minute' WHERE trade_id = 'streamtest-23'`,
  );
  const trade = await first.next();
  expect(trade).toMatchObject({ type: 'trade', data: { trade_id: 'streamtest-23' } });
  await server.postgres.query(
    `UPDATE models SET state = 'retired' WHERE model_id = 'streamtest-better'`,
  );
  expect(await first.next()).toMatchObject({ type: 'model', data: { state: 'retired' } });
  first.close();

  const again = await connect(candle.id);
  expect(await again.next()).toEqual(trade);
  expect((await again.next()).type).toBe('model');
  await addCandle(2);
  expect(await again.next()).toMatchObject({ data: { ts: '2014-05-09T20:01:00.000000Z' } });
  again.close();
});

test('an id of another run of the server means to read the lists again', async () => {
  const client = await connect('0123456789ab-17');
  expect((await client.next()).type).toBe('reset');
  client.close();
});
