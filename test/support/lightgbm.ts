/**
 * LightGBM's shared library for the tests: `TICKLOOM_LIGHTGBM_LIB` if set, else what the local
 * stack has put under the data directory, else taken out of the artefact that Maven brings.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { loadLightgbm, type Lightgbm } from '../../src/models/lightgbm.ts';
import { must } from '../../src/assert.ts';

const ARTEFACT = 'io.github.metarank:lightgbm4j:4.3.0-1';
const SYSTEMS: Readonly<Record<string, string>> = {
  linux: 'linux',
  darwin: 'osx',
  win32: 'windows',
};
const PROCESSORS: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
const FILES: Readonly<Record<string, string>> = {
  linux: 'lib_lightgbm.so',
  darwin: 'lib_lightgbm.dylib',
  win32: 'lib_lightgbm.dll',
};

/** The path of the shared library for this machine; fetches the artefact the first time. */
export function lightgbmLibraryPath(given = process.env['TICKLOOM_LIGHTGBM_LIB']): string {
  if (given !== undefined && given !== '') return given;
  const file = must(FILES[process.platform], `no LightGBM for ${process.platform}`);
  const extracted = find(process.env['TICKLOOM_DATA_DIR'] ?? '.tickloom', file);
  return extracted ?? fetched(file);
}

let library: Lightgbm | undefined;

/** The library, loaded once a test process. */
export function testLightgbm(): Lightgbm {
  library ??= loadLightgbm(lightgbmLibraryPath());
  return library;
}

function find(dataDir: string, file: string): string | undefined {
  const dir = join(dataDir, 'artefacts');
  if (!existsSync(dir)) return undefined;
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  const name = names.find((each) => each.endsWith(file));
  return name === undefined ? undefined : join(dir, name);
}

function fetched(file: string): string {
  const dir = join(tmpdir(), `tickloom-lightgbm-${process.getuid?.() ?? 0}`);
  const path = join(dir, file);
  if (existsSync(path)) return path;
  // Everything happens aside, and a rename ends it: test processes may fetch at the same time.
  const aside = `${dir}.${process.pid}`;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
  const args = ['-B', '-q', goal, `-Dartifact=${ARTEFACT}`, `-DoutputDirectory=${aside}`];
  execFileSync('mvn', args, { stdio: 'inherit' });
  const jar = readFileSync(join(aside, 'lightgbm4j-4.3.0-1.jar'));
  const entry = `lightgbm4j/${SYSTEMS[process.platform]}/${PROCESSORS[process.arch]}/${file}`;
  const files = unzipSync(jar, { filter: ({ name }) => name === entry });
  writeFileSync(join(aside, file), must(files[entry], `${ARTEFACT} holds no ${entry}`));
  renameSync(join(aside, file), path);
  rmSync(aside, { recursive: true });
  return path;
}
