/** The entry of a supervised process: `child.ts NAME`. Ends when its parent does. */
import { PROCESSES, runProcess } from './run.ts';

const name = PROCESSES.find((known) => known === process.argv[2]);
if (name === undefined) throw new Error(`usage: child.ts ${PROCESSES.join(' | ')}`);

const controller = new AbortController();
const stop = (): void => controller.abort();
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);

try {
  await runProcess(name, controller.signal);
  process.exitCode = 0;
} catch {
  process.exitCode = 1;
}
// A client library's open handle must not keep a finished process alive.
setTimeout(() => process.exit(), 3_000).unref();
process.disconnect?.();
