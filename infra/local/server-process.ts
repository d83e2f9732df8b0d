/**
 * One server as a process: started detached (so that Ctrl-C in the terminal reaches us and not it),
 * recorded at once, probed until it answers, ended in order. Promise: a server that ends or stays
 * silent while it starts gives the last lines of its log.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { monotonicMs, sleep } from '../../src/clock.ts';
import { logFile, recordFile } from './data-dir.ts';
import {
  endProcess,
  isRunning,
  processStarted,
  readRecord,
  removeRecord,
  writeRecord,
  type ProcessRecord,
} from './process-record.ts';
import { lastLines } from './run-program.ts';
import type { Command, LocalServer } from './server.ts';
import { StackError, errorMessage } from './stack-error.ts';

const START_PATIENCE_MS = 90_000;
const STOP_PATIENCE_MS = 20_000;
const LOG_LIMIT_BYTES = 5_000_000;

/** The record of a server that runs now, or null. */
export function runningRecord(dataDir: string, server: LocalServer): ProcessRecord | null {
  const record = readRecord(recordFile(dataDir, server.name));
  return record !== null && isRunning(record) ? record : null;
}

function settingsHash(server: LocalServer, command: Command): string {
  const text = JSON.stringify([command.file, command.args, server.settings]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Whether a server of exactly these settings runs and answers: then there is nothing to start. */
export async function canReuse(
  dataDir: string,
  server: LocalServer,
  command: Command,
): Promise<boolean> {
  const record = runningRecord(dataDir, server);
  if (record === null || record.fingerprint !== settingsHash(server, command)) return false;
  try {
    await server.ready();
    return true;
  } catch {
    return false;
  }
}

function rotate(log: string): void {
  if (existsSync(log) && statSync(log).size > LOG_LIMIT_BYTES) renameSync(log, `${log}.1`);
}

/** Starts the program and records it. Throws `StackError` when it cannot be started at all. */
async function launch(dataDir: string, server: LocalServer, command: Command): Promise<number> {
  const log = logFile(dataDir, server.name);
  rotate(log);
  const out = openSync(log, 'a', 0o600);
  const { file, args, ...options } = command;
  const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', out, out] });
  closeSync(out);
  const failure = new Promise<never>((_, reject) => {
    child.once('error', (error) => {
      reject(new StackError(`${server.name} cannot be started: ${errorMessage(error)} (${file})`));
    });
  });
  if (child.pid === undefined) return failure;
  failure.catch(() => {});
  child.unref();
  writeRecord(recordFile(dataDir, server.name), {
    server: server.name,
    pid: child.pid,
    started: processStarted(child.pid) ?? 'ended at once',
    fingerprint: settingsHash(server, command),
  });
  return child.pid;
}

/** What a server printed last, and what may be done about it. */
export function logTail(dataDir: string, server: LocalServer): string {
  const log = logFile(dataDir, server.name);
  const text = existsSync(log) ? readFileSync(log, 'utf8').slice(-20_000) : '';
  const full = /no space left on device|ENOSPC/i.test(text);
  const advice = full ? '\n  The disk is full: free some room and start again.' : '';
  return `the last lines of ${log}:\n${lastLines(text)}${advice}`;
}

async function untilReady(
  dataDir: string,
  server: LocalServer,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = monotonicMs() + START_PATIENCE_MS;
  for (;;) {
    try {
      await server.ready();
      return;
    } catch (error) {
      if (signal?.aborted === true) throw new StackError('interrupted');
      if (runningRecord(dataDir, server) === null) {
        throw new StackError(`${server.name} ended while starting; ${logTail(dataDir, server)}`);
      }
      if (monotonicMs() > deadline) {
        const waited = `${server.name} did not answer within ${START_PATIENCE_MS / 1000} s`;
        throw new StackError(`${waited} (${errorMessage(error)}); ${logTail(dataDir, server)}`);
      }
    }
    await sleep(50, signal);
  }
}

/** Starts a prepared server and waits until it answers; resolves to how long that took, in ms. */
export async function startProcess(
  dataDir: string,
  server: LocalServer,
  command: Command,
  signal?: AbortSignal,
): Promise<number> {
  const began = monotonicMs();
  await launch(dataDir, server, command);
  await untilReady(dataDir, server, signal);
  return monotonicMs() - began;
}

/** Ends the server when it runs, by force after `patienceMs`; resolves to what happened. */
export async function stopProcess(
  dataDir: string,
  server: LocalServer,
  patienceMs = STOP_PATIENCE_MS,
): Promise<'was not running' | 'stopped' | 'killed'> {
  const file = recordFile(dataDir, server.name);
  const record = runningRecord(dataDir, server);
  const gentle = record === null || (await endProcess(record, server.stopSignal, patienceMs));
  removeRecord(file);
  if (record === null) return 'was not running';
  return gentle ? 'stopped' : 'killed';
}
