/**
 * Where the LightGBM library is, and whether this machine can load it. Promise: a library that
 * cannot be loaded is a reason in words (a missing `libgomp` by its package's name), never a crash
 * of the caller: the rest of the project runs without.
 */
import { existsSync } from 'node:fs';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { type Config } from '../../src/config/config.ts';
import { lightgbmPath } from './artefacts.ts';
import { runProgram } from './run-program.ts';

export type LightgbmLibrary =
  | { readonly path: string; readonly reason: null }
  | { readonly path: null; readonly reason: string };

const LOAD = "require('koffi').load(process.argv[1])";

/** What the loader's complaint means and which package mends it. */
export function explainLoadFailure(output: string): string {
  const missing = /(lib[\w.+-]+\.(?:so|dylib)[\w.]*)/.exec(output)?.[1] ?? '';
  if (output.includes('libgomp')) {
    return (
      'LightGBM needs libgomp, which is missing here: no models are trained until it is there. ' +
      'Debian and Ubuntu: apt-get install libgomp1 (Fedora: dnf install libgomp)'
    );
  }
  if (output.includes('libomp')) {
    return 'LightGBM needs libomp, which is missing here. macOS: brew install libomp';
  }
  const detail = output.split('\n').find((line) => line.includes('rror:')) ?? output.trim();
  return `LightGBM's library ${missing} cannot be loaded: ${detail.trim()}`;
}

/**
 * The path of `lib_lightgbm`, tried in a child process (loading starts OpenMP, which has no place
 * in the caller), or the reason why there is none.
 */
export async function lightgbmLibrary(config: Config): Promise<LightgbmLibrary> {
  const path = lightgbmPath(config);
  if (!existsSync(path)) {
    const reason = `LightGBM is not fetched yet (${path}): \`tickloom stack up\` does that`;
    return { path: null, reason };
  }
  const { code, output } = await runProgram(process.execPath, ['-e', LOAD, path], {
    cwd: PROJECT_DIR,
  });
  return code === 0 ? { path, reason: null } : { path: null, reason: explainLoadFailure(output) };
}
