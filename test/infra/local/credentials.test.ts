import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeCredentials } from '../../../infra/local/credentials.ts';
import { StackError } from '../../../infra/local/stack-error.ts';
import { loadConfig, type Config } from '../../../src/config/config.ts';
import { credentialsFile, LOGINS, readCredentials } from '../../../src/config/credentials.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tickloom-credentials-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});
const makeConfig = (env: Record<string, string> = {}): Config =>
  loadConfig({ TICKLOOM_DATA_DIR: dir, ...env });

test('the first start makes a password for each login, all different, for the owner alone', () => {
  const made = makeCredentials(makeConfig());
  expect(Object.keys(made).toSorted()).toEqual([...LOGINS].toSorted());
  const passwords = Object.values(made).map(({ password }) => password);
  expect(new Set(passwords).size).toBe(LOGINS.length);
  for (const password of passwords) expect(password).toMatch(/^[\w-]{43}$/);
  expect(statSync(credentialsFile(dir)).mode & 0o777).toBe(0o600);
});

test('a later start changes nothing, closes the file, and adds what is missing', () => {
  const made = makeCredentials(makeConfig());
  const text = readFileSync(credentialsFile(dir), 'utf8');
  chmodSync(credentialsFile(dir), 0o644);
  expect(makeCredentials(makeConfig())).toEqual(made);
  expect(readFileSync(credentialsFile(dir), 'utf8')).toBe(text);
  expect(statSync(credentialsFile(dir)).mode & 0o777).toBe(0o600);
  const { redis: _, ...older } = made;
  writeFileSync(credentialsFile(dir), JSON.stringify(older));
  expect(makeCredentials(makeConfig())).toMatchObject(older);
  expect(readCredentials(dir).redis?.user).toBe('default');
});

test('a user whom the URL names keeps the name; one with a password needs none of ours', () => {
  const env = {
    TICKLOOM_POSTGRES_URL: 'postgres://joe@127.0.0.1:7/x',
    TICKLOOM_QUESTDB_PG_URL: 'postgres://admin:mine@localhost:8/qdb',
  };
  const made = makeCredentials(makeConfig(env));
  expect(made.postgres?.user).toBe('joe');
  expect(made.questdb_pg).toBe(undefined);
  expect(makeConfig(env).postgresUrl).toContain(`joe:${made.postgres?.password}@`);
});

test('a server elsewhere gets none, unless other programs start it for us', () => {
  const env = {
    TICKLOOM_POSTGRES_URL: 'postgres://tickloom@db/tickloom',
    TICKLOOM_REDIS_URL: 'redis://cache:6379',
  };
  const names = Object.keys(makeCredentials(makeConfig(env)));
  expect(names.filter((name) => /postgres$|postgres_|redis/.test(name))).toEqual([]);
  expect(names).toContain('questdb_http');
  expect(makeConfig(env).redisUrl).toBe('redis://cache:6379');
  makeCredentials(makeConfig(env), { everywhere: true });
  expect(makeConfig(env).redisUrl).toMatch(/^redis:\/\/default:[\w-]{43}@cache:6379$/);
});

test('a file that is none of ours is left as it is', () => {
  writeFileSync(credentialsFile(dir), 'my notes');
  expect(() => makeCredentials(makeConfig())).toThrow(StackError);
  expect(readFileSync(credentialsFile(dir), 'utf8')).toBe('my notes');
});
