import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { must } from '../../../src/assert.ts';
import {
  endProcess,
  isRunning,
  processStarted,
  readRecord,
  removeRecord,
  writeRecord,
  type ProcessRecord,
} from '../../../infra/local/process-record.ts';

const children: ChildProcess[] = [];
const dirs: string[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

function file(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-record-'));
  dirs.push(dir);
  return join(dir, 'run', 'server.json');
}

/** A process of its own group that says when it is up, as the servers are started. */
async function started(code: string): Promise<{ child: ChildProcess; record: ProcessRecord }> {
  const program = `${code}; setInterval(() => {}, 1000); console.log('up')`;
  const child = spawn(process.execPath, ['-e', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  await once(must(child.stdout, 'its output is piped'), 'data');
  const pid = must(child.pid, 'it has started');
  const at = must(processStarted(pid), 'it runs');
  return { child, record: { server: 'test', pid, started: at, fingerprint: 'f' } };
}

describe('a record', () => {
  test('comes back as it was written', async () => {
    const { record } = await started('');
    const path = file();
    writeRecord(path, record);
    expect(readRecord(path)).toEqual(record);
    removeRecord(path);
    expect(readRecord(path)).toBe(null);
  });

  test.each(['', 'nonsense', '{}', '{"pid":1,"started":"x"}', '{"pid":-5,"started":"x"}', '7'])(
    '%j is no record',
    (text) => {
      const path = file();
      writeRecord(path, { server: 's', pid: 2, started: 'x', fingerprint: '' });
      writeFileSync(path, text);
      expect(readRecord(path)).toBe(null);
    },
  );
});

describe('a process', () => {
  test('is the recorded one while it runs, and not once it has ended', async () => {
    const { child, record } = await started('');
    expect(isRunning(record)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(record)).toBe(false);
    expect(processStarted(record.pid)).toBe(null);
  });

  test('that has ended but was not waited for counts as ended', async () => {
    // A shell that never asks after its child: what a killed supervisor leaves in a container.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(parent);
    const [line] = (await once(must(parent.stdout, 'piped'), 'data')) as [Buffer];
    await expect.poll(() => processStarted(Number(line.toString()))).toBe(null);
  });

  test('with the recorded id but another beginning is left alone', async () => {
    const { child, record } = await started('');
    await endProcess({ ...record, started: 'another boot 12345' }, 'SIGTERM', 100);
    expect(isRunning(record)).toBe(true);
    expect(child.exitCode ?? child.signalCode).toBe(null);
  });

  test('ends by itself when it is asked', async () => {
    const { child, record } = await started('');
    expect(await endProcess(record, 'SIGTERM', 5000)).toBe(true);
    expect(isRunning(record)).toBe(false);
    expect(child.signalCode ?? 'SIGTERM').toBe('SIGTERM');
  });

  test('that does not listen is killed once patience ends', async () => {
    const { child, record } = await started("process.on('SIGTERM', () => {})");
    const exited = once(child, 'exit');
    expect(await endProcess(record, 'SIGTERM', 200)).toBe(false);
    expect(isRunning(record)).toBe(false);
    expect(await exited).toEqual([null, 'SIGKILL']);
  });
});
