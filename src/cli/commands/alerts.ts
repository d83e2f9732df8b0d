/** `tickloom alerts list | ack`, `tickloom errors list | resolve`. */
import { InvalidArgumentError, type Command } from 'commander';
import { formatUs } from '../../domain/time.ts';
import { acknowledgeAlert, readAlerts } from '../../postgres/tables/alerts.ts';
import { openErrors, resolveError } from '../../postgres/tables/errors.ts';
import { CommandError, outputFor, withContext } from '../support/context.ts';

export function alertCommands(program: Command): void {
  const alerts = program.command('alerts').description('list and acknowledge alerts');
  alerts
    .command('list')
    .description('list open alerts, newest first')
    .option('--all', 'resolved ones too')
    .action((flags: { all?: boolean }, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const rows = await readAlerts(postgres, flags);
        const lines = rows.map(
          ({ alert_id, created_at, severity, state, message }) =>
            `${alert_id}  ${minute(created_at)}  ${severity.padEnd(8)} ${state}\n   ${message}`,
        );
        show(command, rows, lines);
      }),
    );
  alerts
    .command('ack')
    .argument('<id>', 'number from the list', number)
    .description('acknowledge an alert: somebody works on it')
    .action((id: number, _flags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        if (!(await acknowledgeAlert(postgres, id))) {
          throw new CommandError(`there is no open alert ${id}: see tickloom alerts list`);
        }
        outputFor(command).show({ alert_id: id }, `alert ${id} is taken up`);
      }),
    );
}

export function errorCommands(program: Command): void {
  const errors = program
    .command('errors')
    .description('list and resolve errors of stages and jobs');
  errors
    .command('list')
    .description('list open errors, newest first')
    .action((_flags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const rows = await openErrors(postgres);
        const lines = rows.map(
          ({ error_id, last_seen_at, severity, component, occurrences, message }) =>
            `${error_id}  ${minute(last_seen_at)}  ${severity.padEnd(8)} ${component}, ` +
            `${occurrences} times\n   ${message}`,
        );
        show(command, rows, lines);
      }),
    );
  errors
    .command('resolve')
    .argument('<id>', 'number from the list', number)
    .option('--note <text>', 'what was done')
    .description('close an error; it opens again when it is seen again')
    .action((id: number, { note }: { note?: string }, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        if (!(await resolveError(postgres, id, note ?? null))) {
          throw new CommandError(`there is no open error ${id}: see tickloom errors list`);
        }
        outputFor(command).show({ error_id: id }, `error ${id} is resolved`);
      }),
    );
}

const minute = (ts: number): string => `${formatUs(ts).slice(0, 16)}Z`;

function show(command: Command, rows: readonly object[], lines: readonly string[]): void {
  const output = outputFor(command);
  output.show(rows, lines.length === 0 ? 'none' : lines.join('\n'));
}

function number(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number from the list.');
}
