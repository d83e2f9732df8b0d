/**
 * Who runs a data directory: one tickloom at a time. Promise: the lock of a process that has ended,
 * however it ended, is no lock.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { must } from '../../src/assert.ts';
import { recordFile } from './data-dir.ts';
import { isRunning, processStarted, readRecord, type ProcessRecord } from './process-record.ts';
import { StackError } from './stack-error.ts';

/** The running process other than this one that owns the data directory, or null. */
export function otherOwner(dataDir: string): ProcessRecord | null {
  const record = readRecord(recordFile(dataDir, 'owner'));
  return record !== null && record.pid !== process.pid && isRunning(record) ? record : null;
}

/** Throws `StackError` when another running process owns the data directory. */
export function refuseOtherOwner(dataDir: string): void {
  const other = otherOwner(dataDir);
  if (other === null) return;
  throw new StackError(
    `tickloom already runs with the data directory ${dataDir} (process ${other.pid}): stop it ` +
      'first (Ctrl-C in its terminal), or give a second copy its own TICKLOOM_DATA_DIR and ports',
  );
}

/** Takes the data directory for this process; returns what gives it back. */
export function takeOwnership(dataDir: string): () => void {
  refuseOtherOwner(dataDir);
  const file = recordFile(dataDir, 'owner');
  const started = must(processStarted(process.pid), 'this process runs');
  const mine = { server: 'tickloom', pid: process.pid, started, fingerprint: '' };
  rmSync(file, { force: true });
  try {
    writeFileSync(file, JSON.stringify(mine), { flag: 'wx', mode: 0o600 });
  } catch {
    // Another start has been faster by a moment.
    refuseOtherOwner(dataDir);
  }
  return () => {
    if (readRecord(file)?.pid === process.pid) rmSync(file, { force: true });
  };
}
