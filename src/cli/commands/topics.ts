/** `tickloom topics create | list | accept`. */
import { Option, type Command } from 'commander';
import { TOPICS } from '../../../pipelines/flow.ts';
import { withAdmin } from '../../kafka/kafka.ts';
import {
  accept,
  acceptedPositions,
  judgePositions,
  type AcceptFrom,
  type JudgedPosition,
} from '../../runtime/log-positions.ts';
import { createTopics } from '../../runtime/topics.ts';
import { CommandError, outputFor, withContext } from '../support/context.ts';

export function topicsCommands(program: Command): void {
  const topics = program
    .command('topics')
    .description('create, list and accept the topics of the flow');
  topics
    .command('create')
    .description('create missing topics')
    .action((_options, command: Command) =>
      withContext('cli', async ({ kafka, config, topicName }) => {
        const states = await createTopics(kafka, { partitions: config.partitions, topicName });
        const lines = states.map(
          ({ name, created }) => `${name}: ${created ? 'created' : 'exists'}`,
        );
        outputFor(command).show(states, lines.join('\n'));
      }),
    );
  topics
    .command('list')
    .description('list topics with their keys')
    .action((_options, command: Command) =>
      withContext('cli', async ({ kafka, topicName }) => {
        const existing = new Set(await withAdmin(kafka, (admin) => admin.listTopics()));
        const rows = TOPICS.map(({ name, key }) => {
          const topic = topicName(name);
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
  topics
    .command('accept <topic>')
    .description('accept a topic that was made anew, so that stages read it')
    .option('--partition <n>', 'this one alone')
    .addOption(
      new Option('--from <where>', 'at the start of what is there, at its end, or as they stand')
        .choices(['start', 'end', 'position'])
        .makeOptionMandatory(),
    )
    .option('--yes', 'do it; without, only what is there is shown')
    .action(acceptTopic);
}

interface AcceptOptions {
  readonly partition?: string;
  readonly from: AcceptFrom;
  readonly yes?: true;
}

const acceptTopic = (name: string, options: AcceptOptions, command: Command): Promise<void> =>
  withContext('cli', async (context) => {
    const { show, notify } = outputFor(command);
    const named = TOPICS.map(({ name: own }) => own).find(
      (own) => own === name || context.topicName(own) === name,
    );
    if (named === undefined) throw new CommandError(`"${name}" is no topic: see topics list`, 2);
    const { partition: only } = options;
    if (only !== undefined && !/^\d+$/.test(only)) {
      throw new CommandError(`--partition: "${only}" is no number`, 2);
    }
    const all = await judgePositions(context, [context.topicName(named)], { reads: true });
    const judged = all.filter((of) => only === undefined || of.partition === +only);
    if (judged.length === 0) throw new CommandError(`no stage has read anything of ${name} there`);
    const accepted = await acceptedPositions(context, judged, options.from);
    const lines = judged.map((of, i) => `${shown(of)}\n  -> ${accepted[i]?.position}`);
    if (options.yes === true) await accept(context, accepted);
    const positions = judged.map(({ stage, topic, partition, position, ends, why }, i) => {
      return { stage, topic, partition, position, ends, why, accepted: accepted[i]?.position };
    });
    show({ done: options.yes === true, positions }, lines.join('\n'));
    if (options.yes === true) {
      notify('done: what the stages know of instruments was kept, and running stages begin again');
    } else {
      notify('nothing was changed: add --yes to do it');
    }
  });

function shown({ stage, topic, partition, position, marker, ends, why }: JudgedPosition): string {
  const read = marker === null ? 'no record noted' : `read ${marker.offset} last`;
  const holds = ends === null ? 'does not exist' : `holds ${ends.low} to ${ends.high}`;
  const verdict = why === null ? 'fits' : `does not fit: ${why}`;
  return `${stage} stands at ${position} (${read}); ${topic}/${partition} ${holds}: ${verdict}`;
}
