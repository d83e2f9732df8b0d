/**
 * The configuration of a local stack of a test's own: a data directory that is new, ports that are
 * free, and the programs that are fetched already.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../src/assert.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig, type Config } from '../../src/config/config.ts';

/** The environment of such a stack, also for a child process. */
export async function stackEnv(): Promise<Record<string, string>> {
  const ports = await freePorts(6);
  const port = (index: number): number => must(ports[index], 'there are six');
  return {
    TICKLOOM_DATA_DIR: mkdtempSync(join(tmpdir(), 'tickloom-stack-')),
    TICKLOOM_ARTEFACTS_DIR:
      process.env['TICKLOOM_ARTEFACTS_DIR'] ?? join(PROJECT_DIR, '.tickloom', 'artefacts'),
    TICKLOOM_KAFKA_BROKERS: `127.0.0.1:${port(0)}`,
    TICKLOOM_QUESTDB_URL: `http://127.0.0.1:${port(1)}`,
    TICKLOOM_QUESTDB_PG_URL: `postgres://127.0.0.1:${port(2)}/qdb`,
    TICKLOOM_POSTGRES_URL: `postgres://tickloom@127.0.0.1:${port(3)}/tickloom`,
    TICKLOOM_REDIS_URL: `redis://127.0.0.1:${port(4)}`,
    TICKLOOM_HTTP_PORT: String(port(5)),
  };
}

/** A configuration of a stack of its own. */
export const stackConfig = async (): Promise<Config> => loadConfig(await stackEnv());

/**
 * Ports that nobody listens on, no two next to each other: Kafka takes the one behind its own.
 * Below those that systems give to outgoing connections: one of these could take the port of a
 * server that is between its end and its next start.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(20_000, 32_000);
    if (!(await isFree(port))) continue;
    if (ports.every((other) => Math.abs(other - port) > 1)) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
