/**
 * Work on a file from outside, in a child process with an end: its time and its memory are bounded,
 * it has no settings and no passwords, and native code that crashes there takes nothing else along.
 */
import { spawn } from 'node:child_process';
import { LOADER_FLAGS, PROJECT_DIR } from '../code-files.ts';

export interface Bounds {
  readonly timeMs: number;
  /** Of all that the process holds. */
  readonly memoryMb: number;
}

/** The child did not come to an answer; the message says which bound, or how it ended. */
export class BoundsError extends Error {
  override readonly name = 'BoundsError';
}

export interface BoundedTask extends Bounds {
  /** The program, a file of ours that calls `answerWithin`. */
  readonly script: string;
  readonly args: readonly string[];
  /** What it reads on its standard input. */
  readonly input: readonly Uint8Array[];
}

/** How the child says that it ended itself for want of memory. */
export const OUT_OF_MEMORY = 'tickloom: out of memory';

/** No answer is longer than that. */
const ANSWER_BYTES_MAX = 512 * 1024 * 1024;
const ERROR_BYTES_MAX = 64 * 1024;

/** What the child wrote. Throws a `BoundsError` where it ended without an answer. */
export function runBounded({ script, args, input, ...bounds }: BoundedTask): Promise<Buffer> {
  const { timeMs, memoryMb } = bounds;
  const bound = `--max-old-space-size=${memoryMb}`;
  const child = spawn(
    process.execPath,
    [bound, ...LOADER_FLAGS, script, String(memoryMb), ...args],
    { cwd: PROJECT_DIR, env: {}, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  return new Promise((resolve, reject) => {
    const answer: Buffer[] = [];
    let [answered, stderr, late] = [0, '', false];
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeMs);
    child.stdout.on('data', (chunk: Buffer) => {
      answered += chunk.length;
      if (answered > ANSWER_BYTES_MAX) child.kill('SIGKILL');
      else answer.push(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(-ERROR_BYTES_MAX);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(Buffer.concat(answer));
      else reject(new BoundsError(describeEnd({ late, stderr, code, signal }, bounds)));
    });
    // A child that ended early does not read to the end.
    child.stdin.on('error', () => undefined);
    for (const part of input) child.stdin.write(part);
    child.stdin.end();
  });
}

interface End {
  readonly late: boolean;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
}

function describeEnd({ late, stderr, code, signal }: End, { timeMs, memoryMb }: Bounds): string {
  if (late) return `it takes more than ${timeMs / 1_000} s`;
  const isMemory = stderr.includes(OUT_OF_MEMORY) || stderr.includes('heap out of memory');
  if (isMemory) return `it takes more than ${memoryMb} MB of memory`;
  const lines = stderr.trim().split('\n');
  const line = lines.find((each) => /^\w*Error\b/.test(each)) ?? lines.at(-1) ?? '';
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  return `reading it ended ${how}${line === '' ? '' : `: ${line.slice(0, 300)}`}`;
}
