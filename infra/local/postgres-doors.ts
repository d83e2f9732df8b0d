/**
 * Who may enter PostgreSQL: the credentials -> roles, owners and `pg_hba.conf`.
 *
 * The application's role owns its database and is no superuser; one role only reads; a superuser of
 * our own, whom nothing but this file uses, keeps the house. Everybody needs a password (SCRAM).
 * A cluster from before, whose first role was superuser and let everybody in, is converted: that
 * role cannot be demoted, so it is renamed, a new one takes its name and what it owned.
 *
 * Promise: while this works nobody enters but our superuser by its password; every step may be
 * done again, the mark that all are done comes last, so an interrupted start goes on at the next.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { Login } from '../../src/config/credentials.ts';
import type { Home } from './postgres-home.ts';
import type { Endpoint } from './ports.ts';
import { lastLines, runProgram } from './run-program.ts';
import { StackError } from './stack-error.ts';

export interface Doors {
  readonly endpoint: Endpoint;
  readonly database: string;
  readonly application: Login;
  readonly readonly: Login;
  readonly admin: Login;
}

/** Counted up when the steps below change: every cluster then goes through them again. */
const STEPS = 1;
const BOOTSTRAP = 'tickloom_bootstrap';
const HBA = (who: string): string => `# Written by tickloom; changes here are lost.
# type  database  user  address       method
host    all       ${who.padEnd(5)} 127.0.0.1/32  scram-sha-256
host    all       ${who.padEnd(5)} ::1/128       scram-sha-256
`;
const OURS = HBA('all');

const databaseDir = ({ dir }: Home): string => join(dir, 'data');
const markPath = (home: Home): string => join(databaseDir(home), 'tickloom-doors');
const hbaPath = (home: Home): string => join(databaseDir(home), 'pg_hba.conf');

/** Says nothing of the passwords to whoever does not know the superuser's. */
function markText({ admin, application, readonly, database }: Doors): string {
  const text = JSON.stringify([STEPS, database, application, readonly, admin.user]);
  return `${createHmac('sha256', admin.password).update(text).digest('hex')}\n`;
}

const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** Whether the cluster has been through all steps for exactly these logins. */
export const areClosed = (home: Home, doors: Doors): boolean =>
  read(markPath(home)) === markText(doors) && read(hbaPath(home)) === OURS;

function writeOwned({ identity }: Home, file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  if (identity !== null) chownSync(`${file}.new`, identity.uid, identity.gid);
  renameSync(`${file}.new`, file);
}

/** The arguments with which a server lets nobody in but our superuser. */
export function setupArgs(home: Home, { admin }: Doors): string[] {
  const file = join(home.dir, 'setup_hba.conf');
  writeOwned(home, file, HBA(escapeIdentifier(admin.user)));
  return ['-c', `hba_file=${file}`];
}

/** What PostgreSQL itself would store of a password: so no statement, log or process shows one. */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const rounds = 4096;
  const salted = pbkdf2Sync(password, salt, rounds, 32, 'sha256');
  const deriveKey = (name: string): Buffer => createHmac('sha256', salted).update(name).digest();
  const stored = createHash('sha256').update(deriveKey('Client Key')).digest('base64');
  const server = deriveKey('Server Key').toString('base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${stored}:${server}`;
}

const RIGHTLESS = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';

/** Makes the role, or gives it what it should have. */
function roleSql({ user, password }: Login, rights: string): string {
  const name = escapeIdentifier(user);
  const options = `${rights} PASSWORD ${escapeLiteral(scramVerifier(password))}`;
  return (
    `DO $do$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = ${escapeLiteral(user)}) ` +
    `THEN ALTER ROLE ${name} ${options}; ELSE CREATE ROLE ${name} ${options}; END IF; END $do$`
  );
}

/** Both roles as statements, each of which may be run again. */
function rolesSql({ application, readonly }: Pick<Doors, 'application' | 'readonly'>): string[] {
  const reader = escapeIdentifier(readonly.user);
  return [
    roleSql(application, RIGHTLESS),
    roleSql(readonly, RIGHTLESS),
    `GRANT pg_read_all_data TO ${reader}`,
    `ALTER ROLE ${reader} SET default_transaction_read_only = on`,
  ];
}

const createSql = (database: string, { user }: Login): string =>
  `CREATE DATABASE ${escapeIdentifier(database)} OWNER ${escapeIdentifier(user)}`;

/** All of it as a script for a cluster that is new and whose superuser another program has made. */
export const newClusterSql = (doors: Omit<Doors, 'endpoint' | 'admin'>): string =>
  [...rolesSql(doors), createSql(doors.database, doors.application)]
    .map((statement) => `${statement};\n`)
    .join('');

/** Step 1, without any server: our superuser, also in a cluster whose own we do not know. */
export async function makeAdmin(home: Home, postgres: string, doors: Doors): Promise<void> {
  const { code, output } = await runProgram(
    postgres,
    ['--single', '-D', databaseDir(home), '-c', 'log_min_messages=warning', 'postgres'],
    {
      cwd: home.dir,
      env: { LC_ALL: 'C', TZ: 'UTC' },
      input: `${roleSql(doors.admin, 'SUPERUSER LOGIN')}\n`,
      ...home.identity,
    },
  );
  if (code === 0 && !/\b(ERROR|FATAL|PANIC):/.test(output)) return;
  throw new StackError(`PostgreSQL's superuser could not be made:\n${lastLines(output)}`);
}

/** Runs `use` as our superuser in a database of the running server. */
export async function asAdmin<T>(
  { endpoint: { host, port }, admin }: Doors,
  database: string,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const login = { host, port, database, ...admin };
  const client = new Client({ ...login, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Step 2, on a server that only our superuser enters: roles, the database, owners. */
export async function makeRoles(doors: Doors): Promise<void> {
  const { application, database } = doors;
  const databases = await asAdmin(doors, 'postgres', async (client) => {
    await renameBootstrap(client, doors);
    for (const statement of rolesSql(doors)) await client.query(statement);
    return databasesFor(client, database, application);
  });
  for (const each of databases) {
    await asAdmin(doors, each, (client) => handOverObjects(client, application.user));
  }
}

/** The first role of a cluster stays superuser for ever: it gives its name away and is locked. */
async function renameBootstrap(client: Client, { application, readonly }: Doors): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT rolname AS name FROM pg_roles WHERE oid = 10',
  );
  const name = rows[0]?.name ?? '';
  if (name === application.user || name === readonly.user) {
    await client.query(`ALTER ROLE ${escapeIdentifier(name)} RENAME TO ${BOOTSTRAP}`);
  } else if (name !== BOOTSTRAP) return;
  await client.query(`ALTER ROLE ${BOOTSTRAP} NOLOGIN PASSWORD NULL`);
}

/** Makes the application's database; resolves to every one that may hold something of its role. */
async function databasesFor(client: Client, database: string, role: Login): Promise<string[]> {
  const [name, owner] = [escapeIdentifier(database), escapeIdentifier(role.user)];
  const { rows } = await client.query<{ name: string; owner: string }>(
    `SELECT datname AS name, datdba::regrole::text AS owner FROM pg_database
     WHERE datallowconn AND NOT datistemplate`,
  );
  if (!rows.some((row) => row.name === database)) {
    await client.query(createSql(database, role));
  } else await client.query(`ALTER DATABASE ${name} OWNER TO ${owner}`);
  for (const other of rows) {
    if (other.name === 'postgres' || other.owner !== BOOTSTRAP) continue;
    await client.query(`ALTER DATABASE ${escapeIdentifier(other.name)} OWNER TO ${owner}`);
  }
  return [...new Set([database, ...rows.map((row) => row.name)])];
}

/**
 * What the first role of the cluster owned goes to the application's. `REASSIGN OWNED` refuses that
 * role, since the system's own objects are its too.
 */
async function handOverObjects(client: Client, user: string): Promise<void> {
  const { rows } = await client.query<{ change: string }>(HANDED_OVER, [user]);
  await client.query('BEGIN');
  for (const { change } of rows) await client.query(change);
  await client.query('COMMIT');
}

/** The bootstrap role's is oid 10, the system's objects have oids below 16384. */
const HANDED_OVER = `
WITH mine AS (
  SELECT 'SCHEMA' AS kind, quote_ident(nspname) AS name, oid, 'pg_namespace'::regclass AS class,
    1 AS turn
  FROM pg_namespace WHERE nspowner = 10
  UNION ALL
  SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
      WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
    oid::regclass::text, oid, 'pg_class'::regclass, 2
  FROM pg_class c
  WHERE relowner = 10 AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
      AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))
  UNION ALL
  SELECT 'ROUTINE', oid::regprocedure::text, oid, 'pg_proc'::regclass, 3
  FROM pg_proc WHERE proowner = 10 AND prokind <> 'a'
  UNION ALL
  SELECT 'AGGREGATE', oid::regprocedure::text, oid, 'pg_proc'::regclass, 3
  FROM pg_proc WHERE proowner = 10 AND prokind = 'a'
  UNION ALL
  SELECT CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, oid::regtype::text, oid,
    'pg_type'::regclass, 4
  FROM pg_type t WHERE typowner = 10 AND typtype IN ('d', 'e', 'c', 'r') AND NOT EXISTS (
    SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')
  UNION ALL
  SELECT 'STATISTICS', format('%I.%I', stxnamespace::regnamespace::text, stxname), oid,
    'pg_statistic_ext'::regclass, 5
  FROM pg_statistic_ext WHERE stxowner = 10
  UNION ALL
  SELECT 'LARGE OBJECT', oid::text, oid, 'pg_largeobject_metadata'::regclass, 6
  FROM pg_largeobject_metadata WHERE lomowner = 10
)
SELECT format('ALTER %s %s OWNER TO %I', kind, name, $1::text) AS change FROM mine
WHERE (oid >= 16384 OR kind = 'LARGE OBJECT') AND NOT EXISTS (
  SELECT FROM pg_depend d
  WHERE d.classid = mine.class AND d.objid = mine.oid AND d.deptype = 'e')
ORDER BY turn, mine.oid`;

/** Steps 3 and 4, with the server down again: everybody by password; the mark that all is done. */
export function closeDoors(home: Home, doors: Doors): void {
  writeOwned(home, hbaPath(home), OURS);
  writeOwned(home, markPath(home), markText(doors));
}
