/** A command run in this process: its exit code, and all that it said. */
import { vi } from 'vitest';
import { runCommand } from '../../src/cli/program.ts';

export interface CommandOutput {
  readonly code: number | string | undefined;
  readonly output: string;
}

export async function runWords(words: readonly string[]): Promise<CommandOutput> {
  const output: string[] = [];
  const listen = (line: unknown): void => void output.push(String(line));
  const write = (text: unknown): boolean => {
    listen(String(text).trimEnd());
    return true;
  };
  const spies = [
    ...(['log', 'error'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(listen),
    ),
    ...[process.stdout, process.stderr].map((to) =>
      vi.spyOn(to, 'write').mockImplementation(write),
    ),
  ];
  process.exitCode = undefined;
  try {
    const code = (await runCommand(words)) ?? process.exitCode ?? 0;
    return { code, output: output.join('\n') };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = undefined;
  }
}
