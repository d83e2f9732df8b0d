/** Mutations of who gets in: credentials, roles, modes of files, and what the outbox signs. */
import { mutation, testsOf, type Mutation } from './mutation.ts';

const url = testsOf('test/credentials.test.ts', 'a URL');
const configuration = testsOf('test/credentials.test.ts', 'the configuration');
const made = (name: string) => ({ file: 'test/infra/local/credentials.test.ts', name });
const directory = testsOf('test/infra/local/data-dir.test.ts', 'a data directory');
const seal = testsOf('test/tables/postgres/outbox.test.ts', 'the seal of a control record');
const settings = testsOf('test/infra/local/server-settings.test.ts', 'the settings of a server');
const before = testsOf('test/integration/old-cluster.int.test.ts', 'a cluster from before');

const QUESTDB = 'of QuestDB close both ways in, and give a browser nothing that it sends by itself';
const FILE = 'the first start makes a password for each login, all different, for the owner alone';
const OTHER =
  'redis://:b@h:1 stays as it is: it has a password, or is of a user whose password we ' +
  'do not know';
const CHILD = 'gives a child no password that it finds itself';

export const DOOR_MUTATIONS: readonly Mutation[] = [
  mutation(
    'password-of-the-url-is-overwritten',
    url(OTHER),
    'src/credentials.ts',
    `if (login === undefined || parsed.password !== '') return url;`,
    'if (login === undefined) return url;',
  ),
  mutation(
    'children-are-given-passwords',
    configuration(CHILD),
    'src/config.ts',
    'TICKLOOM_POSTGRES_URL: config.given.postgresUrl,',
    'TICKLOOM_POSTGRES_URL: config.postgresUrl,',
  ),
  mutation(
    'credentials-for-everybody',
    made(FILE),
    'infra/local/credentials.ts',
    '{ mode: 0o600, flush: true }',
    '{ mode: 0o644, flush: true }',
  ),
  mutation(
    'remote-servers-get-our-passwords',
    made('a server elsewhere gets none, unless other programs start it for us'),
    'infra/local/credentials.ts',
    'everywhere ? () => true : isHere',
    '() => true',
  ),
  mutation(
    'logs-stay-open',
    directory('lets nobody else in, nor did one from before; of root it lets through'),
    'infra/local/data-dir.ts',
    'for (const name of [...OWN_FILES, ...logs]) {',
    'for (const name of OWN_FILES) {',
  ),
  mutation(
    'seal-without-the-body',
    seal('does not hold for another body'),
    'src/stream/control-key.ts',
    'outbox: { controlId, type, subject, body: stored }',
    'outbox: { controlId, type, subject, at: typeof stored }',
  ),
  mutation(
    'unsealed-records-are-sent',
    {
      file: 'test/integration/doors.int.test.ts',
      name: 'a control record that was inserted by hand is not signed, and an alert tells of it',
    },
    'src/tables/postgres/outbox.ts',
    'return found.filter(({ isOurs }) => isOurs).map(',
    'return found.map(',
  ),
  mutation(
    'questdb-over-http-is-open',
    settings(QUESTDB),
    'infra/local/questdb.ts',
    `userSettings(config.questdbUrl, 'http') +`,
    `'' +`,
  ),
  mutation(
    'redis-is-open',
    settings('of Redis want the password'),
    'infra/local/redis.ts',
    `...(password === '' ? [] : [['requirepass', password] as [string, string]]),`,
    '',
  ),
  mutation(
    'kafka-closes-one-port-of-two',
    settings('of Kafka want one where the setting says so, at both ports'),
    'infra/local/kafka.ts',
    'PLAINTEXT:${protocol},CONTROLLER:${protocol}',
    'PLAINTEXT:${protocol},CONTROLLER:PLAINTEXT',
  ),
  mutation(
    'questdb-gives-out-cookies',
    settings(QUESTDB),
    'infra/local/questdb.ts',
    'http.server.cookies.enabled=false',
    'http.server.cookies.enabled=true',
  ),
  mutation(
    'application-is-superuser',
    {
      file: 'test/infra/local/postgres-doors.test.ts',
      name: 'a new cluster gets roles without rights, and no statement has a password in it',
    },
    'infra/local/postgres-doors.ts',
    `'LOGIN NOSUPERUSER NOCREATEDB`,
    `'LOGIN SUPERUSER NOCREATEDB`,
  ),
  mutation(
    'old-cluster-keeps-its-tables',
    before('belongs to that role, whole: it goes on changing its tables'),
    'infra/local/postgres-doors.ts',
    'for (const { change } of rows) await client.query(change);',
    'for (const { change } of rows.slice(1)) await client.query(change);',
  ),
  mutation(
    'doors-that-were-opened-stay-open',
    before('is not gone through again, unless somebody has opened it since'),
    'infra/local/postgres-doors.ts',
    'read(markOf(home)) === markText(doors) && read(hbaOf(home)) === OURS',
    'read(markOf(home)) === markText(doors)',
  ),
];
