/** Topics, stages and schemas -> an AsyncAPI 3.0 document: `docs/asyncapi.json`. */
import type { FlowNode, TopicSpec } from '../../pipelines/flow.ts';
import { DeadLetterHeaders } from '../../src/domain/records/quality-event.ts';
import { SCHEMAS } from '../../src/domain/wire.ts';
import { IN_FRAMES, KINDS_OF_TOPIC, type Kind } from './wire-topics.ts';

type Json = Readonly<Record<string, unknown>>;

const FRAME = 'frame';
const DEAD_LETTER = 'dead_letter';
const ref = (path: string): Json => ({ $ref: `#/${path}` });

export interface AsyncApiInput {
  readonly version: string;
  readonly topics: readonly TopicSpec[];
  readonly flow: readonly FlowNode[];
}

export function asyncApi({ version, topics, flow }: AsyncApiInput): string {
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'tickloom',
      version,
      description:
        'The Kafka topics of tickloom. TICKLOOM_TOPIC_PREFIX is put before every topic name.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(topics.map((topic) => [topic.name, toChannel(topic)])),
    operations: Object.fromEntries(topics.flatMap((topic) => listOperations(topic, flow))),
    components: {
      messages: {
        ...Object.fromEntries(kinds().map((kind) => [kind, toMessage(kind)])),
        [FRAME]: frameMessage(),
        [DEAD_LETTER]: deadLetterMessage(),
      },
      schemas: SCHEMAS,
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const kinds = (): Kind[] => Object.keys(SCHEMAS) as Kind[];

function messageNames(topic: string): readonly string[] {
  const of = KINDS_OF_TOPIC[topic] ?? [];
  if (of.length === 0) return [DEAD_LETTER];
  return of.some((kind) => IN_FRAMES.includes(kind)) ? [...of, FRAME] : of;
}

const toChannel = ({ name, key, maxMessageBytes }: TopicSpec): Json => ({
  address: name,
  description: `The key of a record: ${key}. The longest record has ${maxMessageBytes} bytes.`,
  messages: Object.fromEntries(
    messageNames(name).map((message) => [message, ref(`components/messages/${message}`)]),
  ),
});

/** `receive`: a stage of tickloom reads the topic; `send`: one writes it. */
function listOperations({ name }: TopicSpec, flow: readonly FlowNode[]): [string, Json][] {
  const by = (of: 'reads' | 'writes'): readonly FlowNode[] =>
    flow.filter((node) => node[of].includes(name));
  const operation = (
    action: 'send' | 'receive',
    { name: stage, does }: FlowNode,
  ): [string, Json] => [
    `${stage}-${action}-${name}`,
    { action, channel: ref(`channels/${name}`), summary: `${stage}: ${does}` },
  ];
  return [
    ...by('writes').map((node) => operation('send', node)),
    ...by('reads').map((node) => operation('receive', node)),
  ];
}

const toMessage = (kind: Kind): Json => ({
  name: kind,
  summary: SCHEMAS[kind].description,
  payload: ref(`components/schemas/${kind}`),
});

function frameMessage(): Json {
  const items = { anyOf: IN_FRAMES.map((kind) => ref(`components/schemas/${kind}`)) };
  return {
    name: FRAME,
    summary: 'Ticks and heartbeats of one instrument in one record, oldest first.',
    payload: { type: 'array', minItems: 1, items },
  };
}

function deadLetterMessage(): Json {
  return {
    name: DEAD_LETTER,
    summary: 'A record that could not be taken, with its own bytes. The headers say why.',
    contentType: 'application/octet-stream',
    headers: DeadLetterHeaders,
    payload: { type: 'string', format: 'binary' },
  };
}
