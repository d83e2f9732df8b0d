/** `tickloom migrate up | down | status | create NAME`: the tables of PostgreSQL and QuestDB. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { FEATURE_NAMES } from '../../features/definition.ts';
import {
  migrateDown,
  migrateUp,
  migrationStatus,
  nextNumber,
} from '../../postgres/tables/migrate.ts';
import { migrateQuestDb } from '../../questdb/tables/schema.ts';
import { confirmAtTerminal, YES } from '../support/confirm.ts';
import { CommandError, outputFor, withContext } from '../support/context.ts';

export function migrateCommands(program: Command): void {
  const migrate = program
    .command('migrate')
    .description('create and change the tables of PostgreSQL and QuestDB');
  migrate
    .command('up')
    .description('apply missing migrations')
    .action(() =>
      withContext('cli', async (context) => {
        const applied = await migrateUp(context.postgres);
        await migrateQuestDb(context.questdbReader(), { features: FEATURE_NAMES });
        console.log(applied.length === 0 ? 'nothing to apply' : `applied ${applied.join(', ')}`);
      }),
    );
  migrate
    .command('down')
    .description("undo PostgreSQL's newest migration, with its data")
    .option(...YES)
    .action(({ yes }: { yes?: boolean }) =>
      withContext('cli', async ({ postgres }) => {
        const newest = (await migrationStatus(postgres)).findLast(({ applied }) => applied);
        if (newest !== undefined) await confirmAtTerminal(yes, `drops what ${newest.name} made`);
        const name = await migrateDown(postgres);
        console.log(name === null ? 'nothing to take back' : `took ${name} back`);
      }),
    );
  migrate
    .command('status')
    .description('list migrations, applied or not')
    .action((_options, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const status = await migrationStatus(postgres);
        const lines = status.map(
          ({ name, applied }) => `${applied ? 'applied' : 'missing'}  ${name}`,
        );
        outputFor(command).show(status, lines.join('\n'));
      }),
    );
  migrate
    .command('create')
    .argument('<name>', 'what it changes, in a few words_with_underscores')
    .description('create the two empty files of a new PostgreSQL migration')
    .action(async (name: string) => {
      if (!/^[a-z][a-z0-9_]*$/.test(name)) {
        throw new CommandError(`"${name}" is no name such as add_account_number`, 2);
      }
      const base = `${nextNumber()}_${name}`;
      for (const way of ['up', 'down']) {
        const file = join('sql', 'postgres', `${base}.${way}.sql`);
        await writeFile(file, `-- ${way}: \n`, { flag: 'wx' });
        console.log(file);
      }
    });
}
