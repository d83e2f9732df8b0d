/** Mutations of who gets in: credentials, roles, modes of files, and what the outbox signs. */
import { mutation, testsInOrder, testsIn, type Mutation } from './mutation.ts';

const url = testsIn('test/config/credentials.test.ts', 'a URL');
const configuration = testsIn('test/config/credentials.test.ts', 'the configuration');
const made = (name: string) => ({ file: 'test/infra/local/credentials.test.ts', name });
const directory = testsIn('test/infra/local/data-dir.test.ts', 'a data directory');
const seal = testsIn('test/postgres/tables/outbox.test.ts', 'the seal of a control record');
const settings = testsIn('test/infra/local/server-settings.test.ts', 'the settings of a server');
const away = testsIn('test/cli/away.test.ts', 'while no server is there');
const pooler = testsIn('test/integration/doors.int.test.ts', 'PostgreSQL behind a pooler');
const keys = testsIn('test/runtime/control-keys.test.ts', 'the keys of a data directory');
const before = testsInOrder('test/integration/old-cluster.int.test.ts', 'a cluster from before');

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
    'src/config/credentials.ts',
    `if (login === undefined || parsed.password !== '') return url;`,
    'if (login === undefined) return url;',
  ),
  mutation(
    'children-are-given-passwords',
    configuration(CHILD),
    'src/config/config.ts',
    '{ ...config, ...config.given };',
    '{ ...config };',
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
    'src/postgres/tables/outbox.ts',
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
    'read(markPath(home)) === markText(doors) && read(hbaPath(home)) === OURS',
    'read(markPath(home)) === markText(doors)',
  ),
  mutation(
    'commands-wait-for-servers-that-are-away',
    away("'topics list' says which, and what to do"),
    'src/runtime/server-probe.ts',
    'if (unreached !== null) {',
    'if (unreached === undefined) {',
  ),
  mutation(
    'doctor-waits-for-a-silent-server',
    testsIn(
      'test/cli/away.test.ts',
      'a server that takes connections and says nothing',
    )('is said to be slow, and doctor does not wait for it'),
    'src/runtime/server-probe.ts',
    'await Promise.race([probe(config, server), silence(config, server)]);',
    'await probe(config, server);',
  ),
  mutation(
    'postgres-is-asked-by-options',
    pooler('is asked for nothing at the start that PgBouncer refuses, and the session is ours'),
    'src/postgres/postgres.ts',
    'connectionString: url,',
    `connectionString: url, options: '-c timezone=UTC',`,
  ),
  mutation(
    'any-datestyle-will-do',
    pooler('that does not keep the datestyle is refused with what to do'),
    'src/postgres/postgres.ts',
    `if (!style.startsWith('ISO'))`,
    `if (style === '')`,
  ),
  mutation(
    'children-of-jobs-have-no-loader',
    testsIn('test/app/job-children.test.ts', 'a task')('is done by one process after the other'),
    'src/app/child-args.ts',
    ', ...LOADER_FLAGS];',
    '];',
  ),
  mutation(
    'passwords-of-redis-are-logged',
    {
      file: 'test/integration/canary.int.test.ts',
      name: 'stages, jobs and the API with right and with wrong passwords',
    },
    'src/log.ts',
    `'err.command.args',`,
    '',
  ),
  mutation(
    'processes-keep-the-key-of-their-start',
    keys('rotate: the new one signs in every process at once, the old ones verify'),
    'src/runtime/control-keys.ts',
    'this.keys === null || mark !== this.seen',
    'this.keys === null || mark === null',
  ),
  mutation(
    'records-without-an-id-are-of-any-key',
    keys('rotate: the new one signs in every process at once, the old ones verify'),
    'src/runtime/control-keys.ts',
    'first || !onlyFirst',
    'first || onlyFirst',
  ),
  mutation(
    'retired-keys-stay-on-the-disk',
    keys('retire: what it has signed is refused by its name, and the key is gone from the disk'),
    'src/runtime/control-keys.ts',
    'if (key.first) rmSync(this.firstFile, { force: true });',
    '',
  ),
  mutation(
    'unknown-keys-are-taken-for-ours',
    {
      file: 'test/stream/decode.test.ts',
      name: 'decodeTicks a control record counts only with our signature over exactly its content',
    },
    'src/stream/control-key.ts',
    `keys.retired.has(id) ? 'retired_key' : 'unknown_key'`,
    `keys.retired.has(id) ? 'retired_key' : 'ours'`,
  ),
];
