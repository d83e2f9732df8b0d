/** `tickloom dead-letters list | show | resend | kinds`. */
import { isUtf8 } from 'node:buffer';
import { InvalidArgumentError, type Command } from 'commander';
import { TOPICS } from '../../../pipelines/flow.ts';
import { formatUs } from '../../domain/time.ts';
import {
  deadRecordAt,
  deadRecords,
  resend,
  unsendable,
  type DeadRecord,
} from '../../app/dead-letters.ts';
import type { Context } from '../../runtime/context.ts';
import { deadCounts } from '../../postgres/tables/dead-letters.ts';
import { unknownKinds } from '../../postgres/tables/unknown-kinds.ts';
import { CommandError, outputFor, withContext } from '../support/context.ts';
import { columns } from '../support/table.ts';

interface Filters {
  readonly topic?: string;
  readonly reason?: string;
}

export function deadLettersCommands(program: Command): void {
  const noun = program
    .command('dead-letters')
    .description('list, show and resend records that no stage could process');
  filtered(noun.command('list'))
    .description('list dead letters, one for each source record, newest last')
    .option('--limit <n>', 'no more than so many', count, 100)
    .action((flags: Filters & { limit: number }, command: Command) =>
      withContext('cli', async (context) => {
        await checkFilters(context, flags);
        const dead = await deadRecords(context, flags, flags.limit);
        const lines = dead.map(formatLine);
        const text = lines.length === 0 ? 'none' : lines.join('\n');
        outputFor(command).show(dead.map(withoutBytes), text);
      }),
    );
  noun
    .command('show')
    .argument('<place>', 'topic/partition/offset from the list')
    .description('show one dead letter: headers and bytes')
    .action((place: string, _flags: object, command: Command) =>
      withContext('cli', async (context) => {
        const dead = await foundAt(context, place);
        outputFor(command).show(shown(dead), whole(dead));
      }),
    );
  filtered(noun.command('resend'))
    .argument('[place]', 'topic/partition/offset from the list')
    .option('--all', 'all that fit and were not sent again yet')
    .description('send the same bytes to the same partition again, after the cause is fixed')
    .action((place: string | undefined, flags: Filters & { all?: boolean }, command: Command) =>
      withContext('cli', (context) => runResend(context, place, flags, command)),
    );
  noun
    .command('kinds')
    .description('list unknown kinds of records by topic, with counts')
    .action((_flags: object, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const rows = await unknownKinds(postgres);
        const table = columns(
          [
            ['topic', ({ topic }) => topic],
            ['kind', ({ kind }) => JSON.stringify(kind)],
            ['records', ({ records }) => String(records)],
            ['first', ({ first_place, first_at }) => `${first_place} ${second(first_at)}`],
            ['last', ({ last_place, last_at }) => `${last_place} ${second(last_at)}`],
          ],
          rows,
        );
        outputFor(command).show(rows, rows.length === 0 ? 'none' : table);
      }),
    );
}

const filtered = (command: Command): Command =>
  command
    .option('--topic <topic>', 'those that came from this topic')
    .option('--reason <reason>', 'those of this reason, such as schema or unbookable');

async function checkFilters(
  { topicName, postgres }: Context,
  { topic, reason }: Filters,
): Promise<void> {
  const isTopic = (name: string): boolean => name === topic || topicName(name) === topic;
  if (topic !== undefined && !TOPICS.some(({ name }) => isTopic(name))) {
    throw new CommandError(`"${topic}" is no topic: see tickloom topics list`, 2);
  }
  if (reason === undefined) return;
  const known = [...new Set((await deadCounts(postgres)).map((each) => each.reason))];
  if (known.length === 0 || known.includes(reason)) return;
  throw new CommandError(`no dead letter has the reason "${reason}", only ${known.join(', ')}`, 2);
}

async function runResend(
  context: Context,
  place: string | undefined,
  { all = false, ...filters }: Filters & { all?: boolean },
  command: Command,
): Promise<void> {
  if ((place === undefined) !== all) throw new CommandError('give either a place or --all', 2);
  await checkFilters(context, filters);
  const requested =
    place === undefined
      ? (await deadRecords(context, filters)).filter(({ was_resent }) => !was_resent)
      : [await foundAt(context, place)];
  const left = requested.flatMap((dead) => {
    const why = unsendable(dead);
    return why === null ? [] : [{ place: dead.place, why }];
  });
  const sent = requested.filter((dead) => unsendable(dead) === null);
  if (sent.length > 0) await resend(context, sent);
  const lines = [
    ...sent.map((dead) => `sent again: ${dead.place} (was dead for ${dead.reason})`),
    ...left.map((each) => `left: ${each.place}, because ${each.why}`),
    sent.length === 0
      ? 'nothing was sent again'
      : `${sent.length} sent again; what is still wrong comes back to dead-letters`,
  ];
  outputFor(command).show({ sent: sent.map((dead) => dead.place), left }, lines.join('\n'));
  if (place !== undefined && sent.length === 0) process.exitCode = 1;
}

async function foundAt(context: Context, place: string): Promise<DeadRecord> {
  if (!/^[^/]+\/\d+\/\d+$/.test(place)) {
    throw new CommandError(`"${place}" is not of the form topic/partition/offset`, 2);
  }
  const dead = await deadRecordAt(context, place);
  if (dead !== null) return dead;
  throw new CommandError(`dead-letters has no record from ${place}: see dead-letters list`);
}

const second = (us: number): string => `${formatUs(us).slice(0, 19)}Z`;

function formatLine({ place, record_ts, reason, detail, was_resent }: DeadRecord): string {
  const again = was_resent ? ' (sent again)' : '';
  const what = printable(detail).replaceAll('\n', ' ');
  return `${place}  ${second(record_ts)}  ${printable(reason)}${again}\n   ${what}`;
}

/** What a stranger has written must not steer the terminal. */
const printable = (text: string): string => text.replaceAll(/(?![\n\t])\p{Cc}/gu, '\ufffd');

const withoutBytes = ({ record, ...dead }: DeadRecord): object => ({
  ...dead,
  key: record.key?.toString('utf8') ?? null,
  bytes: record.value?.length ?? 0,
});

const shown = (dead: DeadRecord): object => ({
  ...withoutBytes(dead),
  headers: dead.record.headers,
  value: decodeText(dead),
  value_base64: (dead.record.value ?? Buffer.alloc(0)).toString('base64'),
});

/** Null where the bytes are no text. */
function decodeText({ record: { value } }: DeadRecord): string | null {
  const bytes = value ?? Buffer.alloc(0);
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}

function whole(dead: DeadRecord): string {
  const { key, value, headers } = dead.record;
  const bytes = value ?? Buffer.alloc(0);
  return [
    `place: ${dead.place}, lies at ${dead.lies_at}${dead.was_resent ? ', sent again' : ''}`,
    `time of the record: ${second(dead.record_ts)}`,
    `key: ${key === null ? 'none' : JSON.stringify(key.toString('utf8'))}`,
    ...Object.entries(headers).map(([name, text]) => `${printable(name)}: ${printable(text)}`),
    `${bytes.length} bytes${decodeText(dead) === null ? ', no text, as base64' : ''}:`,
    printable(decodeText(dead) ?? bytes.toString('base64')),
  ].join('\n');
}

function count(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 1 to 999999');
}
