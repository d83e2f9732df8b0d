/** `tickloom <noun> <verb>`: the command line. */
import { runCommand } from './program.ts';

const code = await runCommand(process.argv.slice(2));
if (code !== undefined) process.exitCode = code;
// Open handles of a client library must not keep a finished command alive.
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
