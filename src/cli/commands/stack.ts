/** `tickloom stack up | down | status | reset`: the local servers alone. */
import type { Command } from 'commander';
import { resetStack, stackStatus, startStack, stopStack } from '../../../infra/local/stack.ts';
import { loadConfig } from '../../config/config.ts';
import { confirmAtTerminal, YES } from '../support/confirm.ts';
import { outputFor } from '../support/context.ts';

export function stackCommands(program: Command): void {
  const stack = program.command('stack').description('start and stop the local servers alone');
  const print = (line: string): void => console.error(line);
  stack
    .command('up')
    .description('start Kafka, QuestDB, PostgreSQL and Redis in the background')
    .action(async () => {
      await startStack(loadConfig(), { onProgress: print, stay: true });
    });
  stack
    .command('down')
    .description('stop the servers in order')
    .action(() => stopStack(loadConfig(), print));
  stack
    .command('status')
    .description('show which servers run and answer')
    .action(async (_options, command: Command) => {
      const status = await stackStatus(loadConfig());
      const lines = status.map(({ name, state, ready, addresses, reason }) => {
        const note = reason === null ? '' : `  ${reason}`;
        const answer = ready ? 'ready' : 'not ready';
        const where = addresses.join(' ');
        return `${name.padEnd(10)} ${state.padEnd(9)} ${answer}  ${where}${note}`;
      });
      outputFor(command).show(status, lines.join('\n'));
    });
  stack
    .command('reset')
    .description('stop the servers and delete their data; fetched programs are kept')
    .option(...YES)
    .action(async ({ yes }: { yes?: boolean }) => {
      const config = loadConfig();
      await confirmAtTerminal(yes, `deletes all servers' data below ${config.dataDir}`);
      await resetStack(config, print);
    });
}
