/**
 * Where the project lies, and where its code does: TypeScript in the clone itself, or JavaScript in
 * `dist/HASH` (`infra/compile.mjs`). Programs that are started by a path take it from here.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** `src/` of the code that runs. */
const SOURCE = import.meta.dirname;
const IS_COMPILED = import.meta.filename.endsWith('.js');

/** The clone: what is no code (`sql/`, `data/`, `package.json`) lies there. */
export const PROJECT_DIR: string = projectDir(dirname(SOURCE));

/** The next folder up, this one first, that is a package. */
function projectDir(dir: string): string {
  return existsSync(join(dir, 'package.json')) ? dir : projectDir(dirname(dir));
}

/** The path of a program of ours, by its own in the clone and without an ending. */
export const programFile = (path: string): string =>
  join(dirname(SOURCE), `${path}.${IS_COMPILED ? 'js' : 'ts'}`);

/** Flags of Node for a program of ours, whatever folder it is started from. */
export const LOADER_FLAGS: readonly string[] = IS_COMPILED
  ? []
  : ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
