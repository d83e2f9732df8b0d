/**
 * For docker-compose.yml, once before the servers: credentials -> a folder for each server that
 * only its container sees. The application's are in its data directory, as everywhere.
 *
 *   node infra/run.mjs infra/docker/init /credentials
 */
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { must } from '../../src/assert.ts';
import { loadConfig } from '../../src/config/config.ts';
import { credentialsFile } from '../../src/config/credentials.ts';
import { makeCredentials } from '../local/credentials.ts';
import { newClusterSql } from '../local/postgres-doors.ts';

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: init.ts FOLDER');

const config = loadConfig();
const made = makeCredentials(config, { everywhere: true });
const file = credentialsFile(config.dataDir);
const { uid, gid } = statSync(config.dataDir);
chownSync(file, uid, gid);

/** Readable for whichever user the image runs as: the folder is in no other container. */
function put(server: string, name: string, text: string): void {
  const path = join(must(folder), server, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o444);
}

const of = (name: keyof typeof made) => must(made[name], `a login for ${name}`);
put('postgres', 'password', of('postgres_admin').password);
put(
  'postgres',
  'roles.sql',
  newClusterSql({
    database: decodeURIComponent(new URL(config.postgresUrl).pathname.slice(1)),
    application: of('postgres'),
    readonly: of('postgres_readonly'),
  }),
);
put('redis', 'redis.conf', `requirepass ${of('redis').password}\n`);
put('questdb', 'http-password', of('questdb_http').password);
put('questdb', 'pg-password', of('questdb_pg').password);
put('questdb', 'pg-readonly-password', of('questdb_pg_readonly').password);
console.log(`${file} and what each server needs of it are written`);
