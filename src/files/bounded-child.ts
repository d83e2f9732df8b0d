/** The child's side of `bounded.ts`: watches its own memory, reads its input, answers. */
import { Worker } from 'node:worker_threads';
import { OUT_OF_MEMORY } from './bounded.ts';

/** What a task makes of its input; an error's message is an answer too. */
export type Answer = { readonly ok: unknown } | { readonly error: string; readonly name: string };

/**
 * A thread of its own, because native code holds the main one; a process of 100 MB a moment ago may
 * have GBs the next one, so it looks often. It has no loader: plain JavaScript.
 */
const WATCH = `
  const { workerData, parentPort } = require('node:worker_threads');
  const { writeSync } = require('node:fs');
  setInterval(() => {
    if (process.memoryUsage.rss() < workerData.bytes) return;
    writeSync(2, workerData.notice);
    process.kill(process.pid, 'SIGKILL');
  }, 10);
  parentPort.postMessage('watching');
`;

/**
 * Runs `work` on what stands on the standard input and writes its answer. The process ends itself
 * at `memoryMb`, its first argument; the others are the task's.
 */
export async function answerWithin(
  work: (input: Buffer, args: readonly string[]) => Promise<unknown>,
): Promise<void> {
  const [, , memoryMb, ...args] = process.argv;
  const workerData = { bytes: Number(memoryMb) * 1024 * 1024, notice: `${OUT_OF_MEMORY}\n` };
  const watch = new Worker(WATCH, { eval: true, workerData, execArgv: [] });
  await new Promise((resolve) => watch.once('message', resolve));
  const answer = await runWork(work, args);
  await new Promise((resolve) => process.stdout.write(JSON.stringify(answer), resolve));
  process.exit(0);
}

async function runWork(
  work: (input: Buffer, args: readonly string[]) => Promise<unknown>,
  args: readonly string[],
): Promise<Answer> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return { ok: await work(Buffer.concat(chunks), args) };
  } catch (error) {
    const { message, name } = error instanceof Error ? error : new Error(String(error));
    return { error: message, name };
  }
}
