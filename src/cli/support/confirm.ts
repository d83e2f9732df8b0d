/** Asks whether to do what was just shown: by `--yes`, or at a terminal. And why: by `--why`. */
import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError } from 'commander';
import { CommandError } from './context.ts';

/**
 * Resolves where it may be done. Throws where the answer is no, and where nobody can answer:
 * a script says `--yes`.
 */
export async function confirm(yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CommandError(
      'nothing was changed: there is no terminal to ask at, so add --yes to do it',
      2,
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question('Do it? Type yes: ');
    if (answer.trim().toLowerCase() !== 'yes') throw new CommandError('nothing was changed');
  } finally {
    terminal.close();
  }
}

/**
 * The same for what scripts have always done without a word: confirmed at a terminal, and done
 * where there is none.
 */
export async function confirmAtTerminal(yes: boolean | undefined, what: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return;
  if (yes !== true) console.error(what);
  await confirm(yes);
}

/** For `--yes`, wherever a confirmation is needed. */
export const YES = ['--yes', 'do it without asking'] as const;

/** For `--why`. */
export function reasonGiven(text: string): string {
  if (text.trim().length >= 3) return text;
  throw new InvalidArgumentError('Say in a few words why: the audit log keeps it.');
}
