/**
 * Redis for the job queues, loopback only, by password. Promise: it refuses when full instead of
 * forgetting a job, and a crash costs at most the last second (the sweeps find those jobs again).
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRedis } from '../../src/queue/redis.ts';
import type { Config } from '../../src/config/config.ts';
import { privateDir, serverDir } from './data-dir.ts';
import { parseEndpoint } from './ports.ts';
import type { LocalServer } from './server.ts';

async function answers(config: Config): Promise<void> {
  const client = openRedis(config, {
    lazyConnect: true,
    connectTimeout: 1000,
    commandTimeout: 2000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}

/** Redis as `config` wants it. */
export function redisServer(config: Config): LocalServer {
  const endpoint = parseEndpoint(config.redisUrl, 'TICKLOOM_REDIS_URL', 6379);
  const dir = serverDir(config.dataDir, 'redis');
  const password = decodeURIComponent(new URL(config.redisUrl).password);
  const settings: [string, string][] = [
    ['port', String(endpoint.port)],
    ['bind', endpoint.host],
    ['dir', dir],
    ['appendonly', 'yes'],
    ['appendfsync', 'everysec'],
    ['save', ''],
    ['maxmemory-policy', 'noeviction'],
    // Its own title would hide the directory, by which a person knows whose process it is.
    ['set-proc-title', 'no'],
    ...(password === '' ? [] : [['requirepass', password] as [string, string]]),
  ];
  const file = join(dir, 'redis.conf');
  const lines = settings.map(([name, value]) => `${name} ${JSON.stringify(value)}\n`).join('');
  return {
    name: 'redis',
    endpoints: [endpoint],
    settings: lines,
    stopSignal: 'SIGTERM',
    prepare: async () => {
      privateDir(dir);
      writeFileSync(file, lines, { mode: 0o600 });
    },
    command: (programs) => ({
      file: programs.redisServer,
      args: [file],
      cwd: dir,
    }),
    ready: () => answers(config),
  };
}
