/** Servers that end are started again, and given up when that does not help. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keepServers, type Kept } from '../../../infra/local/keep-servers.ts';

const FAST = { lookMs: 5, firstPauseMs: 5 };
const dataDir = mkdtempSync(join(tmpdir(), 'tickloom-keep-'));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class Server implements Kept {
  readonly name = 'redis';
  starts = 0;
  running = true;
  /** Whether a start of it helps. */
  helps = true;
  readonly isRunning = (): boolean => this.running;
  readonly lastWords = (): string => 'its last words';
  readonly start = async (): Promise<void> => {
    this.starts += 1;
    await pause(20);
    if (!this.helps) throw new Error('no room');
    this.running = true;
  };
}

describe('a server that ends', () => {
  test('is started again, each time', async () => {
    const server = new Server();
    const given: string[] = [];
    const logged: string[] = [];
    const onGivenUp = (name: string): void => void given.push(name);
    const options = { ...FAST, dataDir, notify: (line: string) => logged.push(line), onGivenUp };
    const stop = keepServers([server], options);
    for (let times = 1; times <= 3; times++) {
      server.running = false;
      await pause(150);
      expect([server.running, server.starts]).toEqual([true, times]);
    }
    await stop();
    expect(given).toEqual([]);
    expect(logged).toHaveLength(3);
  });

  test('is given up after so many, once, and the others are kept', async () => {
    const [dead, other] = [new Server(), new Server()];
    dead.helps = false;
    dead.running = false;
    const given: string[] = [];
    const onGivenUp = (name: string, why: string): void => void given.push(`${name}: ${why}`);
    const options = { ...FAST, dataDir, triesMax: 3, notify: () => undefined, onGivenUp };
    const stop = keepServers([dead, other], options);
    await pause(400);
    other.running = false;
    await pause(150);
    await stop();
    expect(dead.starts).toBe(3);
    expect(other.running).toBe(true);
    expect(given).toEqual(['redis: it ended 4 times in a row; its last words']);
  });

  test('is not started once somebody stops them all, and a start under way is waited for', async () => {
    const server = new Server();
    const options = { ...FAST, dataDir, notify: () => undefined, onGivenUp: () => undefined };
    const stop = keepServers([server], options);
    server.running = false;
    while (server.starts === 0) await pause(1);
    await stop();
    expect(server.running).toBe(true);
    server.running = false;
    await pause(100);
    expect(server.starts).toBe(1);
  });
});
