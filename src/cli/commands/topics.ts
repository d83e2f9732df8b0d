/** `tickloom topics create | list`. */
import type { Command } from 'commander';
import { TOPICS } from '../../../pipelines/flow.ts';
import { withAdmin } from '../../adapters/kafka.ts';
import { createTopics } from '../../processes/topics.ts';
import { outputFor, withContext } from '../context.ts';

export function topicsCommands(program: Command): void {
  const topics = program.command('topics').description('the topics of the flow');
  topics
    .command('create')
    .description('create what is missing')
    .action((_options, command: Command) =>
      withContext('cli', async ({ kafka, config, topicOf }) => {
        const states = await createTopics(kafka, { partitions: config.partitions, topicOf });
        const lines = states.map(
          ({ name, created }) => `${name}: ${created ? 'created' : 'exists'}`,
        );
        outputFor(command).show(states, lines.join('\n'));
      }),
    );
  topics
    .command('list')
    .description('what there is, with keys')
    .action((_options, command: Command) =>
      withContext('cli', async ({ kafka, topicOf }) => {
        const existing = new Set(await withAdmin(kafka, (admin) => admin.listTopics()));
        const rows = TOPICS.map(({ name, key }) => {
          const topic = topicOf(name);
          return { topic, key, exists: existing.has(topic) };
        });
        const text = rows
          .map(
            ({ topic, key, exists }) =>
              `${topic.padEnd(18)} key ${key.padEnd(14)} ${exists ? '' : 'missing'}`,
          )
          .join('\n');
        outputFor(command).show(rows, text);
      }),
    );
}
