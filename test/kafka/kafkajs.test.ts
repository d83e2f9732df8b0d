/** What is changed in kafkajs: a connection without requests that wait has no timer for them. */
import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';
import '../../src/kafka/kafkajs.ts';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: unknown;
  checkPendingRequests(): void;
  push(request: object): void;
  destroy(): void;
}

const RequestQueue = createRequire(import.meta.url)(
  'kafkajs/src/network/requestQueue/index.js',
) as new (options: object) => Queue;

const logger = { debug: () => undefined, warn: () => undefined };

function makeQueue(maxInFlightRequests: number | null): Queue {
  const options = { clientId: 'test', broker: 'b:1', logger };
  return new RequestQueue({
    ...options,
    maxInFlightRequests,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    isConnected: () => true,
  });
}

const makeRequest = (sent: string[], correlationId: number) => ({
  entry: { correlationId, resolve: () => undefined, reject: () => undefined },
  expectResponse: true,
  sendRequest: () => void sent.push(String(correlationId)),
});

test('a connection without requests that wait has no timer', () => {
  const queue = makeQueue(null);
  const sent: string[] = [];
  queue.push(makeRequest(sent, 1));
  queue.checkPendingRequests();
  expect(sent).toEqual(['1']);
  expect(queue.throttleCheckTimeoutId).toBeNull();
});

test('a request that a broker throttles is sent when that is over', async () => {
  vi.useFakeTimers();
  try {
    const queue = makeQueue(null);
    const sent: string[] = [];
    queue.throttledUntil = Date.now() + 400;
    queue.push(makeRequest(sent, 1));
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    await vi.advanceTimersByTimeAsync(399);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(sent).toEqual(['1']);
    // And is quiet afterwards.
    expect(queue.throttleCheckTimeoutId).toBeNull();
    queue.destroy();
  } finally {
    vi.useRealTimers();
  }
});
