#!/usr/bin/env node
/** `npx tickloom`: runs the code of this clone, compiled where that has not been done yet. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiled } from '../compile.mjs';

const root = dirname(dirname(import.meta.dirname));
if (!existsSync(join(root, 'node_modules', 'esbuild'))) {
  console.error('tickloom: the packages are not installed here; run `npm ci` first.');
  process.exit(1);
}
const dir = await compiled(root);
await import(pathToFileURL(join(dir, 'src', 'cli', 'main.js')).href);
