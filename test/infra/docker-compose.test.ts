import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { SETTINGS, loadConfig } from '../../src/config/config.ts';
import { LOGINS, readCredentials } from '../../src/config/credentials.ts';
import { SERVER_NAMES } from '../../infra/local/data-dir.ts';

const read = (...path: string[]): string => readFileSync(join(PROJECT_DIR, ...path), 'utf8');
const compose = read('docker-compose.yml');
const pom = read('infra', 'local', 'pom.xml');

const services = [...(compose.split('\nvolumes:')[0] ?? '').matchAll(/^ {2}(\w+):$/gm)].map(
  (match) => match[1],
);
const images = [...compose.matchAll(/^ {4}image: (\S+)$/gm)].map((match) => match[1]);
const published = [...compose.matchAll(/^ {6}- '([^']*:\d+)'$/gm)].map((match) => match[1] ?? '');

/** The version that the pom pins for an artefact. */
const pinned = (artefact: string): string =>
  new RegExp(`<artifactId>${artefact}</artifactId>\\s*<version>([^<]+)<`).exec(pom)?.[1] ?? 'none';

describe('docker-compose.yml', () => {
  test('has the servers of the local stack, the application, and who makes passwords', () => {
    expect(new Set(services)).toEqual(new Set([...SERVER_NAMES, 'app', 'init']));
  });

  test('publishes to this machine alone, on the ports of the defaults', () => {
    expect(published.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
    const config = loadConfig({});
    const urls = [
      `tcp://${config.kafkaBrokers[0]}`,
      config.questdbUrl,
      config.questdbPgUrl,
      config.postgresUrl,
      config.redisUrl,
    ];
    const ports = [...urls.map((url) => new URL(url).port), String(config.httpPort)];
    expect(published).toHaveLength(ports.length);
    expect(new Set(published.map((port) => port.split(':')[1]))).toEqual(new Set(ports));
  });

  test('runs the versions that the pom pins', () => {
    expect(images).toContain(`apache/kafka:${pinned('kafka_2.13')}`);
    expect(images).toContain(`questdb/questdb:${pinned('questdb')}`);
    const postgres = /<postgres.version>(\d+\.\d+)/.exec(pom)?.[1];
    expect(images).toContain(`postgres:${postgres}`);
  });

  test('gives the application settings that exist', () => {
    const given = [...compose.matchAll(/(TICKLOOM_\w+)/g)].map((match) => match[1] ?? '');
    const known = new Set(SETTINGS.map((setting) => setting.env));
    expect(given.length).toBeGreaterThan(4);
    expect(given.filter((name) => !known.has(name))).toEqual([]);
  });

  test('gives each server the passwords that init has written, and none in clear', () => {
    const dir = mkdtempSync(join(tmpdir(), 'tickloom-compose-'));
    const urls = Object.fromEntries(
      [...compose.matchAll(/(TICKLOOM_\w+_URL): (\S+)/g)].map(([, name, url]) => [name, url]),
    );
    expect(compose).toContain('[node, infra/run.mjs, infra/docker/init, /credentials]');
    const env = { ...process.env, ...urls, TICKLOOM_DATA_DIR: dir };
    const run = ['infra/run.mjs', 'infra/docker/init', join(dir, 'out')];
    execFileSync(process.execPath, run, { cwd: PROJECT_DIR, env, stdio: 'pipe' });
    const made = readCredentials(dir);
    expect(Object.keys(made).toSorted()).toEqual([...LOGINS].toSorted());
    const out = (...path: string[]): string => readFileSync(join(dir, 'out', ...path), 'utf8');
    expect(out('questdb', 'http-password')).toBe(made.questdb_http?.password);
    expect(out('redis', 'redis.conf')).toBe(`requirepass ${made.redis?.password}\n`);
    expect(out('postgres', 'roles.sql')).toMatch(/CREATE DATABASE "tickloom" OWNER "tickloom";\n$/);
    expect(out('postgres', 'roles.sql')).not.toContain(made.postgres?.password);
    const paths = [
      ...compose.matchAll(/(?:_FILE: |^ +)(\/(?:credentials|docker\S+)\/[\w.-]+),?$/gm),
    ];
    const written = readdirSync(join(dir, 'out'), { recursive: true, encoding: 'utf8' });
    expect(paths.length).toBe(5);
    for (const [, path = ''] of paths) {
      expect(written.some((file) => basename(file) === basename(path))).toBe(true);
    }
    const app = loadConfig({ ...urls, TICKLOOM_DATA_DIR: dir });
    expect(app.questdbUrl).toBe(`http://admin:${made.questdb_http?.password}@questdb:9000`);
    expect(compose).not.toMatch(/trust|:quest@|PASSWORD: /);
    rmSync(dir, { recursive: true });
  });
});
