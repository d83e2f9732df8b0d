/**
 * The passwords of the servers that run here: made at the first start, in `credentials.json` of the
 * data directory, for its owner alone. Promise: one that exists is never changed, a server that is
 * not ours gets none, and what cannot be read is left as it is.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, renameSync, statSync, writeFileSync } from 'node:fs';
import type { Config } from '../../src/config/config.ts';
import {
  credentialsFile,
  readCredentials,
  type Credentials,
  type LoginName,
} from '../../src/config/credentials.ts';
import { parseEndpoint, isLoopback } from './ports.ts';
import { StackError, errorMessage } from './stack-error.ts';

/** 256 bits, of letters, digits, `-` and `_`: as they are in a URL and in every server's settings. */
const newPassword = (): string => randomBytes(32).toString('base64url');

interface Wanted {
  readonly name: LoginName;
  readonly user: string;
}

/** The user that a URL names, where it leaves the password to us. */
const urlUser = (url: string, otherwise: string): string =>
  decodeURIComponent(new URL(url).username) || otherwise;

function wantedFor({ given }: Config, isOurs: (url: string) => boolean): Wanted[] {
  const { postgresUrl, questdbUrl, questdbPgUrl, redisUrl, kafkaBrokers } = given;
  const own = (url: string): boolean => new URL(url).password !== '';
  const main = (name: LoginName, url: string, otherwise: string): Wanted[] =>
    isOurs(url) && !own(url) ? [{ name, user: urlUser(url, otherwise) }] : [];
  const besides = (url: string, logins: Wanted[]): Wanted[] => (isOurs(url) ? logins : []);
  return [
    ...main('postgres', postgresUrl, 'tickloom'),
    ...besides(postgresUrl, [
      { name: 'postgres_readonly', user: 'tickloom_readonly' },
      { name: 'postgres_admin', user: 'tickloom_admin' },
    ]),
    ...main('questdb_http', questdbUrl, 'admin'),
    ...main('questdb_pg', questdbPgUrl, 'admin'),
    ...besides(questdbPgUrl, [{ name: 'questdb_pg_readonly', user: 'tickloom_readonly' }]),
    ...main('redis', redisUrl, 'default'),
    ...besides(`tcp://${kafkaBrokers[0]}`, [{ name: 'kafka', user: 'tickloom' }]),
  ];
}

const isHere = (url: string): boolean => isLoopback(parseEndpoint(url, '').host);

/**
 * Makes the logins that the servers of this machine need and that are not there yet; with
 * `everywhere` also those of servers that other programs start for us (containers). Throws
 * `StackError` where the file is not one of ours.
 */
export function makeCredentials(config: Config, { everywhere = false } = {}): Credentials {
  const file = credentialsFile(config.dataDir);
  let known: Credentials;
  try {
    known = readCredentials(config.dataDir);
  } catch (error) {
    throw new StackError(errorMessage(error));
  }
  const wanted = wantedFor(config, everywhere ? () => true : isHere);
  // A user's name may change with the settings; the password stays.
  const logins = wanted.map(({ name, user }) => [
    name,
    { user, password: known[name]?.password ?? newPassword() },
  ]);
  const all = { ...known, ...(Object.fromEntries(logins) as Credentials) };
  const isSame = JSON.stringify(all) === JSON.stringify(known);
  if (!isSame) {
    const making = `${file}.new`;
    writeFileSync(making, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(making, file);
  } else if (logins.length > 0 && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  return all;
}
