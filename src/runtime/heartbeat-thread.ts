/**
 * Signs of life of a job's process: a thread writes one every second into a pipe to the parent. It
 * stands still only where the whole process does, however long the main thread is busy.
 */
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** The file descriptor of the pipe. */
const HEARTBEAT_FD = 4;
const HEARTBEAT_MS = 1_000;

/** As plain text, because threads have no loader. */
const THREAD = `
  const { writeSync } = require('node:fs');
  setInterval(() => {
    try {
      writeSync(${HEARTBEAT_FD}, '.');
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }, ${HEARTBEAT_MS});
`;

/** Until the process ends; one that cannot send them ends, because it would be taken for frozen. */
export function startHeartbeats(): void {
  // The program is loaded; the thread takes its time to begin.
  writeSync(HEARTBEAT_FD, '.');
  const thread = new Worker(THREAD, { eval: true });
  thread.on('error', () => process.exit(1));
  thread.unref();
}
