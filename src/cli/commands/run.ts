/** `tickloom run [stage…]`: the named stages in the foreground, in this one process. */
import type { Command } from 'commander';
import { interruptSignal } from '../support/context.ts';
import { PROCESSES, runProcess, type ProcessName } from '../../app/run.ts';
import { awayServers } from '../../runtime/server-probe.ts';
import { loadConfig, type Config } from '../../config/config.ts';
import { CommandError } from '../support/context.ts';

export function runCommands(program: Command): void {
  program
    .command('run')
    .argument('[stages...]', `any of ${PROCESSES.join(', ')}; all of them when none is named`)
    .option('--insecure', 'let the API listen beyond loopback without TLS')
    .description('run stages and jobs in the foreground')
    .action(async (stages: string[]) => {
      const names = stages.length === 0 ? PROCESSES : stages.map(checked);
      const signal = interruptSignal();
      void printAway(loadConfig());
      await Promise.all(names.map((name) => runProcess(name, signal)));
    });
}

/** Stages wait for servers, and log that in detail; here it is shown once, in words. */
async function printAway(config: Config): Promise<void> {
  for (const line of (await awayServers(config)).values()) console.error(`${line}: waiting`);
}

function checked(name: string): ProcessName {
  const found = PROCESSES.find(
    (known) => known === name || (name === 'trades' && known === 'money'),
  );
  if (found !== undefined) return found;
  throw new CommandError(`"${name}" is no stage; there are ${PROCESSES.join(', ')}`, 2);
}
