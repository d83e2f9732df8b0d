/** How Node is started for one process of an installation. */
import { LOADER_FLAGS, programFile } from '../code-files.ts';
import type { ProcessName } from './run.ts';

/**
 * Ticks in hand live for the lateness, a few seconds: in a young generation of Node's own size they
 * would be copied again and again, a quarter of what the sink costs.
 */
const YOUNG_MB = 32;

/** Flags with which Node runs a file of this project, however its parent was started. */
export const NODE_FLAGS: readonly string[] = [`--max-semi-space-size=${YOUNG_MB}`, ...LOADER_FLAGS];

export const childArgs = (name: ProcessName): string[] => [
  ...NODE_FLAGS,
  programFile('src/app/child'),
  name,
];
