/**
 * The real servers for a run of integration tests: started once on free ports in a data directory
 * of their own, with the programs that the project has fetched already. The database is migrated
 * and seeded: what each file begins with is copied from it (`isolation.ts`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordFile, SERVER_NAMES } from '../../infra/local/data-dir.ts';
import { isRunning, readRecord } from '../../infra/local/process-record.ts';
import { startStack } from '../../infra/local/stack.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig } from '../../src/config/config.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { openContext } from '../../src/runtime/context.ts';
import { seedInstallation } from '../../src/app/seed.ts';
import { migrateUp } from '../../src/postgres/tables/migrate.ts';
import { migrateQuestDb } from '../../src/questdb/tables/schema.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tickloom-int-'));
  const [kafka, questdb, questdbPg, postgres, redis, http] = await freePorts();
  Object.assign(process.env, {
    TICKLOOM_ARTEFACTS_DIR:
      process.env['TICKLOOM_ARTEFACTS_DIR'] ?? join(PROJECT_DIR, '.tickloom', 'artefacts'),
    TICKLOOM_DATA_DIR: dataDir,
    TICKLOOM_KAFKA_BROKERS: `127.0.0.1:${kafka}`,
    TICKLOOM_QUESTDB_URL: `http://127.0.0.1:${questdb}`,
    TICKLOOM_QUESTDB_PG_URL: `postgres://127.0.0.1:${questdbPg}/qdb`,
    TICKLOOM_POSTGRES_URL: `postgres://tickloom@127.0.0.1:${postgres}/tickloom`,
    TICKLOOM_REDIS_URL: `redis://127.0.0.1:${redis}`,
    TICKLOOM_HTTP_PORT: String(http),
    TICKLOOM_PARTITIONS: '2',
    TICKLOOM_LOG_LEVEL: 'warn',
  });
  const config = loadConfig();
  const endNow = (): void => endServers(dataDir);
  process.once('exit', endNow);
  const stack = await startStack(config, { onProgress: (line) => console.log(`  ${line}`) });
  const context = openContext(config, 'test-setup');
  await migrateUp(context.postgres);
  await migrateQuestDb(context.questdbReader(), { features: FEATURE_NAMES });
  await seedInstallation(context.postgres, config);
  await context.close();
  return async () => {
    process.off('exit', endNow);
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}

/** For a run that is interrupted: nothing can be waited for, and the data are of no use. */
function endServers(dataDir: string): void {
  for (const name of SERVER_NAMES) {
    const record = readRecord(recordFile(dataDir, name));
    if (record !== null && isRunning(record)) process.kill(record.pid, 'SIGKILL');
  }
  rmSync(dataDir, { recursive: true, force: true });
}

/** Kafka takes the port behind its own too: ports far from each other. */
async function freePorts(): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < 6) {
    const port = await freePort();
    if (ports.every((other) => Math.abs(other - port) > 1)) ports.push(port);
  }
  return ports;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
