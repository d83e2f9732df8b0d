/** The code as users run it: compiled, so that a test's processes start as fast as theirs. */
import { join } from 'node:path';
import { compiled } from '../../infra/compile.mjs';
import { PROJECT_DIR } from '../../src/code-files.ts';
import type { childArgs } from '../../src/app/child-args.ts';

const dir = await compiled(PROJECT_DIR);
const own = (await import(join(dir, 'src', 'app', 'child-args.js'))) as {
  readonly childArgs: typeof childArgs;
};

/** How Node is started for a process of an installation. */
export const compiledArgs = own.childArgs;
