/** How Node is started for one process of an installation. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT_DIR } from '../config.ts';
import type { ProcessName } from './run.ts';

/**
 * Ticks in hand live for the lateness, a few seconds: in a young generation of Node's own size they
 * would be copied again and again, a quarter of what the sink costs.
 */
const YOUNG_MB = 32;

/** The loader by its place: a child may be started from any working directory. */
const LOADER = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Flags with which Node runs a file of this project, however its parent was started. */
export const NODE_FLAGS: readonly string[] = [
  `--max-semi-space-size=${YOUNG_MB}`,
  '--import',
  LOADER,
];

export const childArgs = (name: ProcessName): string[] => [
  ...NODE_FLAGS,
  join(PROJECT_DIR, 'src', 'processes', 'child.ts'),
  name,
];
