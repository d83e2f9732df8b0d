/** Where files are to be made: looked at before any work is done for them. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CommandError } from './context.ts';

/** The whole path. Throws where something is there already, or nothing can be made there. */
export function emptyPlace(path: string): string {
  const whole = resolve(path);
  if (existsSync(whole)) {
    throw new CommandError(`"${path}" exists already: name one that is not there yet`);
  }
  const above = nearestAbove(whole);
  if (!statSync(above).isDirectory()) {
    throw new CommandError(`"${path}" cannot be made: "${above}" is no directory`);
  }
  try {
    accessSync(above, constants.W_OK);
  } catch {
    throw new CommandError(`"${path}" cannot be made: "${above}" may not be written to`);
  }
  return whole;
}

/** What there is of the path. */
function nearestAbove(path: string): string {
  const above = dirname(path);
  return existsSync(above) ? above : nearestAbove(above);
}
