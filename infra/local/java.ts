/**
 * Java and Maven as the user has them: both come from the PATH, and Java must be 17 or newer
 * because Kafka and QuestDB are. Promise: what is missing or too old ends in a message that says
 * what to install, or that `docker compose up` does without.
 */
import { runProgram } from './run-program.ts';
import { StackError } from './stack-error.ts';

export const OLDEST_JAVA = 17;

/**
 * The major version from `java -version` (`1.8.0_392` -> 8, `17.0.15` -> 17), null if unreadable.
 */
export function parseJavaMajor(output: string): number | null {
  const match = /version "(?:1\.)?(\d+)[^"]*"/.exec(output);
  return match === null ? null : Number(match[1]);
}

/** What to do without Java or Maven, by whether Docker is on the PATH. */
export function withoutJava(problem: string, docker: boolean): string {
  const install = `${problem}: the servers need a JDK >= ${OLDEST_JAVA} and Maven on the PATH`;
  const debian = 'Debian and Ubuntu: apt-get install openjdk-17-jdk-headless maven';
  const mac = 'macOS: brew install openjdk@21 maven';
  return docker
    ? `${install}.\n  Or start everything with Docker instead: docker compose up`
    : `${install}.\n  ${debian}\n  ${mac}`;
}

async function explain(problem: string): Promise<StackError> {
  const docker = await runProgram('docker', ['--version']);
  return new StackError(withoutJava(problem, docker.code === 0));
}

/** The major version of the `java` on the PATH. Throws `StackError` when missing or too old. */
export async function checkJava(): Promise<number> {
  const { code, missing, output } = await runProgram('java', ['-version']);
  if (missing) throw await explain('there is no `java` on the PATH');
  const major = code === 0 ? parseJavaMajor(output) : null;
  if (major === null) throw await explain(`\`java -version\` printed ${JSON.stringify(output)}`);
  if (major < OLDEST_JAVA) throw await explain(`the \`java\` on the PATH is version ${major}`);
  return major;
}

/** The error for a missing `mvn`. */
export const missingMaven = (): Promise<StackError> => explain('there is no `mvn` on the PATH');
