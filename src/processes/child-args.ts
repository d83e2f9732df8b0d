/** How Node is started for one process of an installation. */
import { join } from 'node:path';
import { PROJECT_DIR } from '../config.ts';
import type { ProcessName } from './run.ts';

/**
 * Ticks in hand live for the lateness, a few seconds: in a young generation of Node's own size they
 * would be copied again and again, a quarter of what the sink costs.
 */
const YOUNG_MB = 32;

export const childArgs = (name: ProcessName): string[] => [
  `--max-semi-space-size=${YOUNG_MB}`,
  '--import',
  'tsx',
  join(PROJECT_DIR, 'src', 'processes', 'child.ts'),
  name,
];
