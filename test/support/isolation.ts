/**
 * Before each file of tests on the real servers: what it has to itself. A database copied from the
 * one that the global set-up has prepared, topics under a prefix of its own with the first bots in
 * them, queues under the same prefix, and QuestDB's tables without a row. Behind the file, the
 * database and the topics go. So no file finds what another has left, in whatever order they run.
 *
 * QuestDB has no databases, and the jobs look after every market that its tables hold: they are
 * emptied. Files run one after the other, so nobody else's rows are lost.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll } from 'vitest';
import { sendDueControls } from '../../pipelines/control/outbox.ts';
import { TOPICS } from '../../pipelines/flow.ts';
import { nowMs, sleep } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/config.ts';
import { readCredentials, withLogin, withoutLogin } from '../../src/config/credentials.ts';
import { withAdmin } from '../../src/kafka/kafka.ts';
import { dueControls, markSent } from '../../src/postgres/tables/outbox.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import { createTopics } from '../../src/runtime/topics.ts';

const REMOVED_WITHIN_MS = 10_000;

const prepared = new URL(loadConfig().postgresUrl);
const name = `t${randomBytes(4).toString('hex')}`;

const inDatabase = (url: string, database: string): string =>
  Object.assign(new URL(url), { pathname: database }).href;

/** The application's role makes no databases. */
async function asAdmin(sql: string): Promise<void> {
  const { postgres_admin: login } = readCredentials(loadConfig().dataDir);
  const url = withLogin(withoutLogin(inDatabase(prepared.href, 'postgres')), login);
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function emptyQuestDb(context: Context): Promise<void> {
  const reader = context.questdbReader();
  const tables = await reader.query<{ name: string }>(
    `SELECT table_name AS name FROM tables() WHERE table_type = 'T'`,
  );
  for (const table of tables) await reader.query(`TRUNCATE TABLE ${table.name}`);
  await reader.waitApplied(tables.map((table) => table.name));
}

/** What a new installation has in its log before any tick. */
async function sendSeeded({ postgres, config, outLog, ...context }: Context): Promise<void> {
  await sendDueControls({
    ...{ due: () => dueControls(postgres), log: outLog(), nowMs },
    markSent: (sent) =>
      markSent(
        postgres,
        sent.map(({ seq }) => seq),
      ),
    ...{ key: context.controlKey, topicName: context.topicName },
    partitionCount: () => config.partitions,
  });
}

process.env['TICKLOOM_POSTGRES_URL'] = inDatabase(process.env['TICKLOOM_POSTGRES_URL'] ?? '', name);
process.env['TICKLOOM_TOPIC_PREFIX'] = `${name}-`;

const context = openContext(loadConfig(), 'test-setup');
const { kafka, topicName, config } = context;
await Promise.all([
  asAdmin(
    `CREATE DATABASE ${name} TEMPLATE ${prepared.pathname.slice(1)} OWNER ${prepared.username}`,
  ),
  createTopics(kafka, { partitions: config.partitions, topicName }),
  emptyQuestDb(context),
]);
await sendSeeded(context);
await context.close();

/** No test fails by what stays behind: the servers' data go at the end of the run. */
afterAll(async () => {
  const topics = TOPICS.map((topic) => topicName(topic.name));
  const removed = Promise.allSettled([
    asAdmin(`DROP DATABASE ${name} WITH (FORCE)`),
    withAdmin(kafka, (admin) => admin.deleteTopics({ topics })),
  ]);
  await Promise.race([removed, sleep(REMOVED_WITHIN_MS)]);
});
