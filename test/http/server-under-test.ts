/** The HTTP server on the test's real servers, listening on a free port. */
import type { FastifyInstance } from 'fastify';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { openPostgres } from '../../src/postgres/postgres.ts';
import { QuestDbReader } from '../../src/questdb/reader.ts';
import { loadConfig, type Config } from '../../src/config/config.ts';
import { credentialsFile } from '../../src/config/credentials.ts';
import type { FlowStatusProvider } from '../../src/http/flow-status.ts';
import { createHttpServer } from '../../src/http/server/server.ts';

export interface ServerUnderTest {
  readonly config: Config;
  readonly postgres: pg.Pool;
  readonly questdb: QuestDbReader;
  readonly url: string;
  /** What the server logged as a warning or an error. */
  readonly logged: string[];
  close(): Promise<void>;
}

const PLACE = { topic: 'ticks', partition: 0, epoch: null };
let looks = 0;

/** Offsets are handed in; that they are Kafka's is tested where they are asked for. */
export const flow: FlowStatusProvider = {
  graph: [
    { name: 'feed', kind: 'feed', reads: [], writes: ['ticks'], does: 'brings ticks in' },
    { name: 'stream', kind: 'stream', reads: ['ticks'], writes: ['signals'], does: 'decides' },
    { name: 'sink', kind: 'stream', reads: ['ticks'], writes: ['questdb'], does: 'keeps all' },
    { name: 'labels', kind: 'job', reads: ['questdb'], writes: ['questdb'], does: 'grades' },
  ],
  places: async () => [
    { ...PLACE, stage: 'stream', position: 1500, end: 1500 },
    // Always as far behind, and always moving: no standstill.
    { ...PLACE, stage: 'sink', position: 1458 + ++looks, end: 1500 + looks },
  ],
  status: async () => ({
    stages: [
      { stage: 'stream', lag: 0, topics: [{ topic: 'ticks', end: 1500, passed: 1500 }] },
      { stage: 'sink', lag: 42, topics: [{ topic: 'ticks', end: 1500, passed: 1458 }] },
    ],
    topics: [
      { topic: 'ticks', end: 1500 },
      { topic: 'dead-letters', end: 3 },
    ],
  }),
};

export interface ServerChanges {
  readonly env?: Record<string, string>;
  readonly port?: number;
}

export async function startServer({
  env = {},
  port = 0,
}: ServerChanges = {}): Promise<ServerUnderTest> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tickloom-http-'));
  // A token of its own, and the servers of the test.
  const controlKey = readFileSync(join(loadConfig().dataDir, 'control.key'), 'utf8').trim();
  copyFileSync(credentialsFile(loadConfig().dataDir), credentialsFile(dataDir));
  const config = loadConfig(process.env, { TICKLOOM_DATA_DIR: dataDir, ...env });
  const postgres = openPostgres(config.postgresUrl, { sealKeys: () => [controlKey] });
  const questdb = new QuestDbReader({ url: config.questdbPgUrl, patienceMs: 0 });
  const logged: string[] = [];
  const note = (fields: object, message: string): void => {
    logged.push(`${message}: ${String(Reflect.get(fields, 'err'))}`);
  };
  const log = { info: () => undefined, warn: note, error: note };
  const app: FastifyInstance = await createHttpServer({ config, postgres, questdb, flow, log });
  await app.listen({ host: '127.0.0.1', port });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    await app.close();
    await postgres.end();
    await questdb.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { config, postgres, questdb, url, logged, close };
}
