/** A jar that is not the one that we know is never run. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkJars, knownJars } from '../../../infra/local/jar-checksums.ts';
import { StackError } from '../../../infra/local/stack-error.ts';
import { PROJECT_DIR } from '../../../src/code-files.ts';

const SUM_OF_A = 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb';

describe('the jars of the servers', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'tickloom-jars-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test('are taken by their sums, and another one or an unknown one is not', () => {
    const known = new Map([['a-1.jar', SUM_OF_A]]);
    writeFileSync(join(dir, 'a-1.jar'), 'a');
    expect(() => checkJars(dir, known)).not.toThrow();
    writeFileSync(join(dir, 'a-1.jar'), 'b');
    expect(() => checkJars(dir, known)).toThrow(StackError);
    expect(() => checkJars(dir, known)).toThrow(
      `and ${SUM_OF_A} is expected: nothing of it is run`,
    );
    expect(() => checkJars(dir, new Map())).toThrow('a-1.jar, which infra/local/jars.sha256 does');
  });

  test('that pom.xml names have their sums, for every platform', () => {
    const names = [...knownJars().keys()];
    expect(new Set(knownJars().values()).size).toBe(names.length);
    const pom = readFileSync(join(PROJECT_DIR, 'infra', 'local', 'pom.xml'), 'utf8');
    const plain = [...pom.matchAll(/<artifactId>([^<]+)<\/artifactId>\s*<version>([\d.-]+)</g)];
    const direct = plain.filter(([, name]) => !/^(local-stack|maven-)/.test(name ?? ''));
    expect(direct.length).toBeGreaterThan(5);
    for (const [, name, version] of direct) expect(names).toContain(`${name}-${version}.jar`);
    const platforms = names.filter((name) => name.startsWith('embedded-postgres-binaries-'));
    expect(platforms.map((name) => name.slice('embedded-postgres-binaries-'.length))).toEqual([
      'darwin-amd64-18.6.0.jar',
      'darwin-arm64v8-18.4.0.jar',
      'linux-amd64-18.6.0.jar',
      'linux-arm64v8-18.4.0.jar',
    ]);
  });
});

test('the lock file has every platform of what is optional, and names no registry', () => {
  const lock = readFileSync(join(PROJECT_DIR, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as {
    packages: Record<string, { optionalDependencies?: object; resolved?: string }>;
  };
  const entries = Object.entries(packages);
  expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  const lacking = entries.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages),
    ),
  );
  expect(lacking).toEqual([]);
  expect(entries.length).toBeGreaterThanOrEqual(490);
});
