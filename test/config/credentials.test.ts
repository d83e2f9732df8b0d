import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { childEnv, loadConfig, type Config } from '../../src/config/config.ts';
import {
  credentialsFile,
  readCredentials,
  withLogin,
  withoutLogin,
} from '../../src/config/credentials.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tickloom-credentials-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

const write = (credentials: object): void =>
  writeFileSync(credentialsFile(dir), JSON.stringify(credentials));
const makeConfig = (env: Record<string, string> = {}): Config =>
  loadConfig({ TICKLOOM_DATA_DIR: dir, ...env });
const login = { user: 'us er', password: 'p@ss:/?%' };

describe('a URL', () => {
  test.each([
    ['http://h:1', 'http://us%20er:p%40ss%3A%2F%3F%25@h:1'],
    ['postgres://h:1/db', 'postgres://us%20er:p%40ss%3A%2F%3F%25@h:1/db'],
    ['postgres://us%20er@h:1/db?x=1', 'postgres://us%20er:p%40ss%3A%2F%3F%25@h:1/db?x=1'],
    ['redis://h:1/3', 'redis://us%20er:p%40ss%3A%2F%3F%25@h:1/3'],
  ])('%s gets the login', (url, expected) => {
    expect(withLogin(url, login)).toBe(expected);
    const { username, password } = new URL(expected);
    expect([username, password].map(decodeURIComponent)).toEqual([login.user, login.password]);
    expect(withoutLogin(expected)).toBe(withoutLogin(url));
  });

  test.each(['http://a:b@h:1', 'redis://:b@h:1', 'postgres://other@h:1/db'])(
    '%s stays as it is: it has a password, or is of a user whose password we do not know',
    (url) => {
      expect(withLogin(url, login)).toBe(url);
      expect(withLogin(url, undefined)).toBe(url);
    },
  );
});

describe('the configuration', () => {
  test('has the credentials from the moment they are made, and only where a URL has none', () => {
    const config = makeConfig({ TICKLOOM_REDIS_URL: 'redis://me:mine@127.0.0.1:7' });
    expect(config.questdbPgUrl).toBe('postgres://127.0.0.1:18812/qdb');
    const named = (user: string) => ({ user, password: `of-${user}` });
    write({
      postgres: named('tickloom'),
      questdb_http: named('a'),
      questdb_pg: named('b'),
      redis: named('default'),
    });
    expect(config.postgresUrl).toBe('postgres://tickloom:of-tickloom@127.0.0.1:15432/tickloom');
    expect(config.questdbUrl).toBe('http://a:of-a@127.0.0.1:19000');
    expect(config.questdbPgUrl).toBe('postgres://b:of-b@127.0.0.1:18812/qdb');
    expect(config.redisUrl).toBe('redis://me:mine@127.0.0.1:7');
  });

  test('gives a child no password that it finds itself', () => {
    write({ postgres: { user: 'tickloom', password: 'canary' } });
    const config = makeConfig();
    expect(config.postgresUrl).toContain('canary');
    expect(JSON.stringify(childEnv(config, {}))).not.toContain('canary');
    expect(loadConfig(childEnv(config, {}))).toEqual(config);
  });

  test('opens Kafka by SASL with the credentials, or with the settings before them', () => {
    write({ kafka: { user: 'tickloom', password: 'known' } });
    expect(makeConfig().kafka.sasl).toBe(null);
    const plain = { TICKLOOM_KAFKA_SASL: 'plain' };
    expect(makeConfig(plain).kafka.sasl).toEqual({
      mechanism: 'plain',
      username: 'tickloom',
      password: 'known',
    });
    const other = { TICKLOOM_KAFKA_SASL: 'scram-sha-512', TICKLOOM_KAFKA_USER: 'me' };
    expect(() => makeConfig(other).kafka).toThrow(/TICKLOOM_KAFKA_PASSWORD/);
    expect(makeConfig({ ...other, TICKLOOM_KAFKA_PASSWORD: 'mine' }).kafka.sasl).toEqual({
      mechanism: 'scram-sha-512',
      username: 'me',
      password: 'mine',
    });
  });

  test('trusts the authority of the setting where PostgreSQL is asked for TLS', () => {
    const ca = join(dir, 'ca.pem');
    const env = { TICKLOOM_TLS_CA: ca, TICKLOOM_POSTGRES_URL: 'postgres://a:b@db/x' };
    expect(() => makeConfig(env)).toThrow(/TICKLOOM_TLS_CA is .*certificate/);
    writeFileSync(ca, '-----BEGIN CERTIFICATE-----\n');
    expect(makeConfig(env).postgresUrl).toBe('postgres://a:b@db/x');
    const secure = { ...env, TICKLOOM_POSTGRES_URL: 'postgres://a:b@db/x?sslmode=verify-full' };
    expect(new URL(makeConfig(secure).postgresUrl).searchParams.get('sslrootcert')).toBe(ca);
  });
});

describe('the file', () => {
  test.each(['', 'nonsense', '{"postgres":7}', '{"redis":{"user":"x"}}', '{"redis":null}'])(
    '%j is refused without being repeated',
    (text) => {
      writeFileSync(credentialsFile(dir), text);
      expect(() => readCredentials(dir)).toThrow(/restore it, or remove it and start again$/);
    },
  );

  test('that is not there is no credentials', () => {
    expect(readCredentials(dir)).toEqual({});
    expect(readCredentials(join(dir, 'nowhere'))).toEqual({});
  });
});
