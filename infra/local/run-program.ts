/**
 * Runs a program to its end: file and arguments in, exit code and output out. Promise: a program
 * that is not on the PATH is distinguished (`code` null) from one that failed.
 */
import { spawn } from 'node:child_process';

export interface ProgramResult {
  /** Null when the program does not exist or was ended by a signal. */
  readonly code: number | null;
  readonly missing: boolean;
  /** What it printed on either stream. */
  readonly output: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly uid?: number;
  readonly gid?: number;
  /** For its standard input, which is empty otherwise. */
  readonly input?: string;
  /** Ends the program. */
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/** Runs `file` with `args`; resolves at its end, whatever that was, and never rejects. */
export function runProgram(
  file: string,
  args: readonly string[],
  { onLine, input = '', ...options }: ProgramOptions = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { ...options, stdio: 'pipe' });
    // A program that ends before it has read all of it says why by itself.
    child.stdin.on('error', () => {}).end(input);
    let output = '';
    let line = '';
    const take = (chunk: string): void => {
      output += chunk;
      if (onLine === undefined) return;
      const lines = (line + chunk).split('\n');
      line = lines.pop() ?? '';
      for (const whole of lines) onLine(whole);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ code: null, missing: error.code === 'ENOENT', output: error.message });
    });
    child.on('close', (code) => resolve({ code, missing: false, output }));
  });
}

/** The last `count` lines of a text that say something, indented for a message. */
export function lastLines(text: string, count = 12): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines
    .map((line) => `    ${line.trimEnd().slice(0, 300)}`)
    .slice(-count)
    .join('\n');
}
