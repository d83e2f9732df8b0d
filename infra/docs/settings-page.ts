/** The settings as `src/config/config.ts` declares them -> `docs/settings.md`. */
import type { Setting } from '../../src/config/config.ts';
import { code, GENERATED, page, sentence, table } from './markdown.ts';

/** Every setting stands in one group: a new one is put where a reader would look for it. */
const GROUPS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['Places on this machine', ['DATA_DIR', 'ARTEFACTS_DIR', 'LOG_LEVEL']],
  [
    'Kafka',
    [
      'KAFKA_BROKERS',
      'KAFKA_SASL',
      'KAFKA_USER',
      'KAFKA_PASSWORD',
      'KAFKA_TLS',
      'TOPIC_PREFIX',
      'PARTITIONS',
      'SESSION_TIMEOUT_MS',
      'STANDSTILL_MS',
    ],
  ],
  ['Databases and queues', ['QUESTDB_URL', 'QUESTDB_PG_URL', 'POSTGRES_URL', 'REDIS_URL']],
  [
    'HTTP and TLS',
    ['HTTP_PORT', 'HTTP_HOST', 'HTTP_TLS_CERT', 'HTTP_TLS_KEY', 'HTTP_INSECURE', 'TLS_CA'],
  ],
  ['Ticks, predictions and labels', ['LATENESS_MS', 'HORIZON', 'LABELS']],
  ['Training', ['RETRAIN_EVERY', 'MODEL_EXPIRES', 'TRAIN_POOL', 'TRAIN_SEEDS', 'TRAIN_KINDS']],
  ['Paper trading and reports', ['LATENCY_MS', 'TARGET_WIN_RATE']],
  ['Control records and tests', ['CONTROL_KEY', 'OUTBOX', 'FAIL_AT']],
];

const HEAD = ['setting', 'type', 'default', 'what it is for'];

/** Throws where a setting stands in no group, and where a group names one that is not there. */
export function settingsPage(settings: readonly Setting[]): string {
  const left = new Map(settings.map((setting) => [setting.env, setting]));
  const groups = GROUPS.map(([title, names]) => {
    const rows = names.map((name) => toRow(taken(left, `TICKLOOM_${name}`)));
    return `## ${title}\n\n${table(HEAD, rows)}`;
  });
  if (left.size > 0) {
    throw new Error(`infra/docs/settings-page.ts: in no group: ${[...left.keys()].join(', ')}`);
  }
  return page(GENERATED, '# Settings', INTRODUCTION, ...groups);
}

function taken(left: Map<string, Setting>, env: string): Setting {
  const setting = left.get(env);
  if (setting === undefined || !left.delete(env)) {
    throw new Error(`infra/docs/settings-page.ts: ${env} is no setting, or in two groups`);
  }
  return setting;
}

const toRow = ({ env, type, default: fallback, description }: Setting): string[] => [
  code(env),
  type.includes(' | ') ? type.split(' | ').map(code).join(', ') : type,
  fallback === null ? 'not set' : fallback === '' ? 'empty' : code(fallback),
  sentence(description),
];

const INTRODUCTION = `\
A setting is an environment variable, for example \`TICKLOOM_HORIZON=30m npm start\`. A variable
that is set to the empty text counts as not set. All settings are checked at the start: a
command with a wrong one names everything that is wrong and ends with exit code 78. A
\`TICKLOOM_\` variable that is no setting is warned of. \`npx tickloom --help\` shows the same
list.

A duration is a number with a unit: \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`, such as \`15m\`. A
type with \`…\` takes several values with commas between them. URLs may hold a user and a
password; without them those of the installation are taken (\`npx tickloom connect\`).`;
