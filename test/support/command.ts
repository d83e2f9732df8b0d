/** `tickloom` as a user runs it: the installed command in a process of its own. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT_DIR } from '../../src/code-files.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Resolves at its end, whatever that was; with the test's own settings. */
export const tickloom = (...args: string[]): Promise<Ran> => tickloomWith({}, ...args);

/** With `settings` over them. */
export const tickloomWith = (
  settings: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<Ran> =>
  new Promise((resolve) => {
    const bin = join(PROJECT_DIR, 'infra', 'bin', 'tickloom.mjs');
    const child = spawn(process.execPath, [bin, ...args], { env: { ...process.env, ...settings } });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('exit', (code) => resolve({ code: code ?? -1, out, err }));
  });
