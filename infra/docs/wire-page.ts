/** The schemas of `src/domain/wire.ts`, the topics and their stages -> `docs/wire.md`. */
import type { FlowNode, TopicSpec } from '../../pipelines/flow.ts';
import { CONTROL_TYPES } from '../../src/domain/records/control.ts';
import { DeadLetterHeaders } from '../../src/domain/records/quality-event.ts';
import { Candle, SCHEMAS } from '../../src/domain/wire.ts';
import { code, GENERATED, page, table } from './markdown.ts';
import { typesTable, typeWords, type Schema } from './schema-words.ts';
import { KINDS_OF_TOPIC, type Kind } from './wire-topics.ts';

export function wirePage(topics: readonly TopicSpec[], flow: readonly FlowNode[]): string {
  const kinds = Object.keys(SCHEMAS) as Kind[];
  return page(
    GENERATED,
    '# The wire',
    INTRODUCTION,
    '## Topics',
    table(
      ['topic', 'key', 'written by', 'read by', 'record kinds', 'longest record'],
      topics.map((topic) => topicRow(topic, flow)),
    ),
    TICKS,
    ...kinds.flatMap(kindParts),
    DEAD_LETTERS,
    '## Types',
    typesTable(),
  );
}

function topicRow({ name, key, maxMessageBytes }: TopicSpec, flow: readonly FlowNode[]): string[] {
  const kinds = KINDS_OF_TOPIC[name];
  if (kinds === undefined) throw new Error(`infra/docs/wire-topics.ts says nothing of ${name}`);
  const nodes = (of: 'reads' | 'writes'): string =>
    flow.flatMap((node) => (node[of].includes(name) ? [node.name] : [])).join(', ');
  return [
    code(name),
    code(key),
    nodes('writes'),
    nodes('reads') || 'people',
    kinds.map((kind) => `[${kind}](#${kind})`).join(', ') || '[dead letters](#dead-letters)',
    `${maxMessageBytes / 1024 / 1024} MiB`,
  ];
}

function kindParts(kind: Kind): string[] {
  const parts = [`## ${kind}`, SCHEMAS[kind].description, fieldTable(SCHEMAS[kind] as Schema)];
  if (kind === 'feature') {
    parts.push('A candle of `candles`:', fieldTable(Candle as Schema));
  }
  if (kind === 'control') {
    parts.push(
      'The types of control records:',
      table(
        ['type', 'what it does'],
        Object.entries(CONTROL_TYPES).map(([type, does]) => [code(type), does]),
      ),
    );
  }
  return parts;
}

function fieldTable(schema: Schema): string {
  const needed = new Set(schema.required);
  const rows = Object.entries(schema.properties ?? {}).map(([field, of]) => [
    code(field),
    typeWords(of),
    needed.has(field) ? 'yes' : 'no',
    of.description ?? missing(field),
  ]);
  return table(['field', 'type', 'needed', 'what it means'], rows);
}

function missing(field: string): never {
  throw new Error(`infra/docs: nothing says what ${field} means`);
}

const INTRODUCTION = `\
Every record is JSON with a \`kind\`. A reader skips kinds that it does not know. Within a major
version only optional fields are added. In a tick, \`null\` in an optional field says the same
as no such field. [asyncapi.json](asyncapi.json) says the same as this page for programs
(AsyncAPI 3.0).`;

const TICKS = `\
The value of a record of \`ticks\` or \`ticks-backfill\` is one tick or heartbeat, or an array
of them of the same instrument, oldest first: a frame. A record with the Kafka header
\`imported\` = \`1\` is a recording of the past: its record timestamp says since when it was
known. Control records of type \`clock\` go to both topics, all others to
\`ticks\`. \`TICKLOOM_TOPIC_PREFIX\` is put before every topic name.

Beyond its schema a tick is held to this: its key is \`venue:symbol\`, its symbol is in Unicode
form NFC, prices are above 0, sizes are 0 or more, and amounts other than 0 lie between 1e-20
and 1e20.`;

const DEAD_LETTERS = `## Dead letters

A record that cannot be taken is kept in \`dead-letters\`: its own key, its own bytes as the
value, and these headers.

${table(
  ['header', 'what it means'],
  Object.entries((DeadLetterHeaders as Schema).properties ?? {}).map(([name, { description }]) => [
    code(name),
    description ?? missing(name),
  ]),
)}

\`npx tickloom dead-letters list\` lists them; \`npx tickloom dead-letters resend\` sends them to
their topic again.`;
