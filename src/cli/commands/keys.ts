/** `tickloom keys list | rotate | retire`: what signs control records, and what verifies them. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { inTransaction } from '../../postgres/postgres.ts';
import type { Context } from '../../runtime/context.ts';
import { waitingControls } from '../../postgres/tables/outbox.ts';
import { confirm, reasonGiven, YES } from '../support/confirm.ts';
import { CommandError, outputFor, withContext } from '../support/context.ts';

interface Flags {
  readonly why: string;
  readonly yes?: boolean;
}

export function keysCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description('list, rotate and retire the keys that sign control records');
  keys
    .command('list')
    .description('list keys by id; the keys themselves are never shown')
    .action((_flags, command: Command) =>
      withContext('cli', async ({ controlKeys }) => {
        const known = controlKeys.list();
        const lines = known.map(
          ({ id, state, first, made, retired }) =>
            `${id}  ${state.padEnd(9)} made ${made ?? 'at the first run'}` +
            (first ? '  also for records without a key id' : '') +
            (retired === null ? '' : `  retired ${retired}`),
        );
        outputFor(command).show(known, lines.join('\n'));
      }),
    );
  keys
    .command('rotate')
    .requiredOption('--why <text>', 'kept in the audit log', reasonGiven)
    .description('sign with a new key from now on; older records stay valid')
    .action(rotate);
  keys
    .command('retire')
    .argument('<id>', 'from the list')
    .requiredOption('--why <text>', 'kept in the audit log', reasonGiven)
    .option(...YES)
    .description('refuse what a key has signed from now on; this cannot be undone')
    .action(retire);
}

const rotate = ({ why }: Flags, command: Command): Promise<void> =>
  withContext('cli', async (context) => {
    const { controlKeys } = context;
    const before = controlKeys.list().find(({ state }) => state === 'signs');
    const id = await changed(context, 'rotate', why, () => controlKeys.rotate());
    outputFor(command).show(
      { id, before: before?.id ?? null },
      `${id} signs from here on; ${before?.id} verifies until tickloom keys retire ${before?.id}.\n` +
        'Processes with another data directory need control-keys.json of this one',
    );
  });

const retire = (id: string, { why, yes }: Flags, command: Command): Promise<void> =>
  withContext('cli', async (context) => {
    const { show, notify } = outputFor(command);
    const waiting = await waitingControls(context.postgres);
    if (waiting > 0) {
      throw new CommandError(
        `${waiting} control records wait to be sent, perhaps sealed by it: run the stages first`,
      );
    }
    refused(() => context.controlKeys.retirable(id));
    notify(
      `${id}: its records that no stage has passed yet become dead letters, and a replay of the ` +
        'log from before refuses them. The key is deleted: this cannot be taken back',
    );
    await confirm(yes);
    await changed(context, 'retire', why, () => {
      context.controlKeys.retire(id);
      return id;
    });
    show({ id }, `${id} is retired`);
  });

/** One at a time in an installation, with its entry in the audit log. */
const changed = (
  { postgres }: Context,
  action: 'rotate' | 'retire',
  why: string,
  change: () => string,
): Promise<string> =>
  inTransaction(postgres, async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('control keys', 0))`);
    const id = refused(change);
    const actor = `os:${userInfo().username}`;
    await client.query(
      `INSERT INTO audit_log (actor, action, subject, reason) VALUES ($1, $2, $3, $4)`,
      [actor, `keys.${action}`, id, why],
    );
    return id;
  });

function refused<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new CommandError((error as Error).message);
  }
}
