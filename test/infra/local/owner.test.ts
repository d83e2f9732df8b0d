import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { must } from '../../../src/assert.ts';
import { openDataDir, recordFile } from '../../../infra/local/data-dir.ts';
import { otherOwner, takeOwnership } from '../../../infra/local/owner.ts';
import { processStarted, readRecord, writeRecord } from '../../../infra/local/process-record.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tickloom-owner-'));
  openDataDir(dir);
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

test('a data directory is taken and given back', () => {
  const release = takeOwnership(dir);
  expect(readRecord(recordFile(dir, 'owner'))?.pid).toBe(process.pid);
  release();
  expect(readRecord(recordFile(dir, 'owner'))).toBe(null);
});

test('that of another running process is refused, and free once that has ended', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const pid = must(other.pid, 'it has started');
  const started = must(processStarted(pid), 'it runs');
  const record = { server: 'tickloom', pid, started, fingerprint: '' };
  writeRecord(recordFile(dir, 'owner'), record);
  expect(() => takeOwnership(dir)).toThrow(`process ${pid}`);
  expect(otherOwner(dir)).toEqual(record);
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(otherOwner(dir)).toBe(null);
  takeOwnership(dir)();
});
