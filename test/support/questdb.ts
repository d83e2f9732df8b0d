/**
 * A QuestDB of its own for one integration test: from the project's own jars, in a temporary
 * directory, on free loopback ports. It can be stopped and started again on its data.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { artefactsPath } from '../../infra/local/artefacts.ts';
import { loadConfig } from '../../src/config/config.ts';

export interface TestQuestDb {
  readonly url: string;
  readonly pgUrl: string;
  start(): Promise<void>;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Stops the server and removes its data. */
  remove(): Promise<void>;
}

export async function makeQuestDb(): Promise<TestQuestDb> {
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-questdb-'));
  const [http, pg] = [await freePort(), await freePort()];
  const jars = join(artefactsPath(loadConfig()), 'jars');
  const modules = readdirSync(jars).filter((jar) => /^(questdb|jspecify)-/.test(jar));
  const modulePath = modules.map((jar) => join(jars, jar)).join(delimiter);
  mkdirSync(join(dir, 'data', 'conf'), { recursive: true });
  writeFileSync(join(dir, 'data', 'conf', 'server.conf'), settings(http, pg).join('\n'));
  let child: ChildProcess | null = null;
  const url = `http://127.0.0.1:${http}`;

  async function start(): Promise<void> {
    const module = ['-m', 'io.questdb/io.questdb.ServerMain'];
    const args = ['-Xmx512m', '-p', modulePath, ...module, '-d', join(dir, 'data')];
    child = spawn('java', args, { stdio: 'ignore' });
    for (let tries = 0; tries < 600; tries++) {
      if (child.exitCode !== null) throw new Error(`QuestDB ended with ${child.exitCode}`);
      const ready = await fetch(`${url}/exec?query=select+1`).then(
        (response) => response.ok,
        () => false,
      );
      if (ready) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(
      `QuestDB did not answer on ${url} within 60 s; its data: ${readdirSync(dir).join()}`,
    );
  }

  async function stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  }

  async function remove(): Promise<void> {
    await stop('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }

  return { url, pgUrl: `postgres://admin:quest@127.0.0.1:${pg}/qdb`, start, stop, remove };
}

const settings = (http: number, pg: number): string[] => [
  `http.bind.to=127.0.0.1:${http}`,
  `pg.net.bind.to=127.0.0.1:${pg}`,
  'http.min.enabled=false',
  'line.tcp.enabled=false',
  'line.auto.create.new.tables=false',
  'line.auto.create.new.columns=false',
  'cairo.wal.apply.suspended.write.denied=true',
  'telemetry.enabled=false',
  'shared.worker.count=1',
];

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
