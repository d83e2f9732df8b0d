/**
 * Signs of life of a job's process: a thread beats every second into a pipe to the parent. It
 * stands still only where the whole process does, however long the main thread is busy.
 */
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** The file descriptor of the pipe. */
const BEAT_FD = 4;
const BEAT_MS = 1_000;

/** As plain text, because threads have no loader. */
const BEATER = `
  const { writeSync } = require('node:fs');
  setInterval(() => {
    try { writeSync(${BEAT_FD}, '.'); } catch (error) { if (error.code !== 'EAGAIN') throw error; }
  }, ${BEAT_MS});
`;

/** Beats until the process ends; one that cannot beat ends, because it would be taken for frozen. */
export function startBeating(): void {
  // The program is loaded; the thread takes its time to begin.
  writeSync(BEAT_FD, '.');
  const beater = new Worker(BEATER, { eval: true });
  beater.on('error', () => process.exit(1));
  beater.unref();
}
