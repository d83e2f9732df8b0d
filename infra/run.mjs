/**
 * Runs a program of this clone, compiled where that has not been done yet:
 *
 *   node infra/run.mjs src/app/main start
 *
 * Without a program it compiles and nothing else.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiled } from './compile.mjs';

const dir = await compiled(join(import.meta.dirname, '..'));
const [program] = process.argv.splice(2, 1);
if (program !== undefined) await import(pathToFileURL(join(dir, `${program}.js`)).href);
