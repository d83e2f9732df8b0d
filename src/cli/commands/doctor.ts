/** `tickloom doctor`: every check with its finding; exit code 1 when one of them fails. */
import type { Command } from 'commander';
import { examine } from '../../app/doctor.ts';
import { outputFor, withContext } from '../support/context.ts';

export function doctorCommands(program: Command): void {
  program
    .command('doctor')
    .description('check servers, topics, tables, stages and instruments; show what to do')
    .action((_options, command: Command) =>
      withContext('cli', async (context) => {
        const findings = await examine(context);
        const lines = findings.map(({ check, ok, detail }) => {
          const text = detail.replaceAll('\n', `\n${' '.repeat(21)}`);
          return `${ok ? 'ok      ' : 'PROBLEM '} ${check.padEnd(14)}${text}`;
        });
        outputFor(command).show(findings, lines.join('\n'));
        if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
      }),
    );
}
