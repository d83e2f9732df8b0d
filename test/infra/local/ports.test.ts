import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  parseEndpoint,
  isLoopback,
  listeningInodes,
  portHolder,
  portProblem,
  portProblems,
  portTakenMessage,
  shortCommand,
} from '../../../infra/local/ports.ts';

describe('a port in use', () => {
  let server: Server;
  let port = 0;
  beforeEach(async () => {
    server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => {
    server.close();
  });

  test('is told from a free one', async () => {
    expect(await portProblem('127.0.0.1', port)).toBe('EADDRINUSE');
    await new Promise((resolve) => {
      server.close(resolve);
    });
    expect(await portProblem('127.0.0.1', port)).toBe(null);
  });

  test('is reported with the setting that changes it', async () => {
    const endpoint = { host: '127.0.0.1', port, setting: 'TICKLOOM_REDIS_URL' };
    const [line, ...others] = await portProblems('redis', [endpoint]);
    expect(line).toMatch(new RegExp(`^port ${port} for redis is taken by .+TICKLOOM_REDIS_URL`));
    expect(others).toEqual([]);
  });

  test.runIf(process.platform === 'linux')('is reported with its holder', () => {
    expect(portHolder(port)).toContain(`(process ${process.pid})`);
  });
});

test('the message without a holder and that of another problem say what they know', () => {
  const endpoint = { host: '127.0.0.1', port: 19_092, setting: 'TICKLOOM_KAFKA_BROKERS' };
  expect(portTakenMessage('kafka', endpoint, 'EADDRINUSE', null)).toBe(
    'port 19092 for kafka is taken by another process: stop it, ' +
      'or set TICKLOOM_KAFKA_BROKERS to another port',
  );
  expect(portTakenMessage('kafka', endpoint, 'EACCES', null)).toContain('127.0.0.1:19092: EACCES');
});

test('of a table of sockets only listeners on that very port count', () => {
  const rest = '00000000:00000000 00:00000000 00000000     0        0';
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when
   0: 0100007F:4A94 00000000:0000 0A ${rest} 111 1
   1: 0100007F:4A94 0100007F:9C40 01 ${rest} 222 1
   2: 0100007F:4A95 00000000:0000 0A ${rest} 333 1`;
  expect(listeningInodes(table, 19_092)).toEqual(['111']);
});

test('a long command keeps its program and its end, where Java says what it runs', () => {
  expect(shortCommand('redis-server\0--port\x006379\0')).toBe('redis-server --port 6379');
  const java = [
    'java',
    ...Array.from({ length: 30 }, () => '-Dsome=thing'),
    'kafka.Kafka',
    'x.conf',
  ];
  const short = shortCommand(java.join('\0'));
  expect(short).toMatch(/^java … .*kafka\.Kafka x\.conf$/);
  expect(short.length).toBeLessThan(130);
});

test('endpoints are read from URLs and from host:port alike', () => {
  expect(parseEndpoint('127.0.0.1:19092', 'S')).toEqual({
    host: '127.0.0.1',
    port: 19_092,
    setting: 'S',
  });
  expect(parseEndpoint('redis://localhost', 'S', 6379)).toMatchObject({
    host: '127.0.0.1',
    port: 6379,
  });
  expect(parseEndpoint('http://[::1]:9000', 'S')).toMatchObject({ host: '::1', port: 9000 });
});

test('only loopback is this machine', () => {
  expect(['127.0.0.1', 'localhost', '::1'].filter((host) => !isLoopback(host))).toEqual([]);
  expect(['kafka', '10.0.0.1', '0.0.0.0'].filter(isLoopback)).toEqual([]);
});
