/**
 * `credentials.json` in the data directory -> user and password of a server whose URL names none.
 *
 * The one place that decides this, for commands, stages, jobs, page, tests and benches: whoever
 * takes a URL from the configuration gets one that opens. The file is made by the first start
 * (`infra/local/credentials.ts`); it is read each time, since a process may live longer than it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Login {
  readonly user: string;
  readonly password: string;
}

export const LOGINS = [
  'postgres',
  'postgres_readonly',
  'postgres_admin',
  'questdb_http',
  'questdb_pg',
  'questdb_pg_readonly',
  'redis',
  'kafka',
] as const;
export type LoginName = (typeof LOGINS)[number];

/** Those that are known: a server that is not ours may have none. */
export type Credentials = Partial<Readonly<Record<LoginName, Login>>>;

export const credentialsFile = (dataDir: string): string => join(dataDir, 'credentials.json');

const isLogin = (value: unknown): value is Login => {
  const { user, password } = (value ?? {}) as Partial<Login>;
  return typeof user === 'string' && typeof password === 'string' && password !== '';
};

/**
 * The logins of the installation, none where it has no file yet. Throws where the file cannot be
 * read or is not what a start has written; the message never repeats a password.
 */
export function readCredentials(dataDir: string): Credentials {
  const file = credentialsFile(dataDir);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    if (code !== 'EACCES') throw error;
    const advice = 'run as the user that started tickloom, or set the URLs whole';
    throw new Error(`${message}: ${advice}`, { cause: error });
  }
  const wrong = `${file} is not as tickloom wrote it: restore it, or remove it and start again`;
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Error(wrong);
  }
  const entries = Object.entries((found ?? {}) as Record<string, unknown>);
  if (!entries.every(([, login]) => isLogin(login))) throw new Error(wrong);
  return Object.fromEntries(entries) as Credentials;
}

/**
 * `url` with the login in it. As it is where it has a password of its own, where there is no login,
 * or where it names another user: that one's password is not ours to know.
 */
export function withLogin(url: string, login: Login | undefined): string {
  const parsed = new URL(url);
  const named = decodeURIComponent(parsed.username);
  if (login === undefined || parsed.password !== '') return url;
  if (named !== '' && named !== login.user) return url;
  parsed.username = encodeURIComponent(login.user);
  parsed.password = encodeURIComponent(login.password);
  return parsed.href.replace(/\/$/, '');
}

/** `url` without user and password, for people and logs. */
export function withoutLogin(url: string): string {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href.replace(/\/$/, '');
}
