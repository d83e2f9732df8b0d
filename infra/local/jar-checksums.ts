/**
 * What Maven fetched -> whether each jar is the one that we ran when its version was chosen.
 *
 * Maven checks a jar by the sum that lies beside it at the same place: whoever changes the one can
 * change the other too. `jars.sha256` has the sums of all platforms, in the form of `sha256sum`.
 * Behind a change of pom.xml those of the new jars belong into it.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { StackError } from './stack-error.ts';

const SUMS = join(PROJECT_DIR, 'infra', 'local', 'jars.sha256');

/** The sums by name of jar. */
export function knownJars(file: string = SUMS): ReadonlyMap<string, string> {
  const lines = readFileSync(file, 'utf8').split('\n');
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const match = /^([0-9a-f]{64}) {2}(\S+\.jar)$/.exec(line);
      return match === null ? [] : [[match[2] ?? '', match[1] ?? '']];
    }),
  );
}

/** Throws a `StackError` that names the first jar in `dir` that is another one, or unknown. */
export function checkJars(dir: string, known: ReadonlyMap<string, string> = knownJars()): void {
  for (const name of readdirSync(dir).toSorted()) {
    const found = createHash('sha256')
      .update(readFileSync(join(dir, name)))
      .digest('hex');
    const expected = known.get(name);
    if (expected === found) continue;
    const what =
      expected === undefined
        ? `${name}, which infra/local/jars.sha256 does not know`
        : `${name} with the sha256 ${found}, and ${expected} is expected`;
    throw new StackError(
      `Maven brought ${what}: nothing of it is run. Remove the jar from ~/.m2/repository and start ` +
        'again; where it comes again, ask whoever runs your mirror of Maven Central',
    );
  }
}
