/**
 * Which server processes are ours: a record per server in the data directory, written right after
 * the process starts. Promise: a process is ended only when its id *and* its start time are those
 * recorded, so an id that the system has given to somebody else is never touched.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { monotonicMs, sleep } from '../../src/clock.ts';

export interface ProcessRecord {
  readonly server: string;
  readonly pid: number;
  /** When the process began, in the system's own words: with the id it names one process. */
  readonly started: string;
  /** Hash of command and settings: a running server of other settings is not reused. */
  readonly fingerprint: string;
}

const PROC = '/proc';

function startedLinux(pid: number): string | null {
  try {
    const stat = readFileSync(`${PROC}/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; only its parent has not noticed.
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    const boot = readFileSync(`${PROC}/sys/kernel/random/boot_id`, 'utf8').trim();
    return `${boot} ${fields[19]}`;
  } catch {
    return null;
  }
}

function startedByPs(pid: number): string | null {
  try {
    const args = ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)];
    const [state = 'Z', ...started] = execFileSync('ps', args, { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return state.startsWith('Z') ? null : started.join(' ');
  } catch {
    return null;
  }
}

/** When process `pid` began, as text that never repeats for the same id; null: not running. */
export const processStarted = (pid: number): string | null =>
  existsSync(`${PROC}/self/stat`) ? startedLinux(pid) : startedByPs(pid);

/** Whether the recorded process itself still runs. */
export const isRunning = (record: ProcessRecord): boolean =>
  processStarted(record.pid) === record.started;

/** The record in `file`, or null when there is none or it is not one. */
export function readRecord(file: string): ProcessRecord | null {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessRecord>;
    const { server = '', pid = 0, started = '', fingerprint = '' } = record;
    const whole = Number.isInteger(pid) && pid > 1 && started !== '';
    return whole ? { server, pid, started, fingerprint } : null;
  } catch {
    return null;
  }
}

/** Writes a record whole: a crash leaves the old one or the new one. */
export function writeRecord(file: string, record: ProcessRecord): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${file}.new`, file);
}

export const removeRecord = (file: string): void => rmSync(file, { force: true });

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended between the look and the signal, or leads no group: both are fine.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function endsWithin(record: ProcessRecord, ms: number): Promise<boolean> {
  const deadline = monotonicMs() + ms;
  while (isRunning(record)) {
    if (monotonicMs() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/**
 * Ends the recorded process: `gentle` first, SIGKILL to its whole group when it does not end within
 * `patienceMs`. Does nothing when the process is gone or no longer the one recorded. Resolves to
 * whether it ended without force.
 */
export async function endProcess(
  record: ProcessRecord,
  gentle: NodeJS.Signals,
  patienceMs: number,
): Promise<boolean> {
  if (!isRunning(record)) return true;
  signal(record.pid, gentle);
  if (await endsWithin(record, patienceMs)) return true;
  signal(-record.pid, 'SIGKILL');
  signal(record.pid, 'SIGKILL');
  await endsWithin(record, 5000);
  return false;
}
