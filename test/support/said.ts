/** A command run in this process: its exit code, and all that it said. */
import { vi } from 'vitest';
import { runCommand } from '../../src/cli/program.ts';

export interface Said {
  readonly code: number | string | undefined;
  readonly said: string;
}

export async function saidBy(words: readonly string[]): Promise<Said> {
  const said: string[] = [];
  const listen = (line: unknown): void => void said.push(String(line));
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
    return { code, said: said.join('\n') };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = undefined;
  }
}
