/**
 * `npm start` and `npm test` begin here: plain JavaScript without dependencies, because in a fresh
 * clone there are none yet. Installs what package-lock.json pins when it is not there, then hands
 * the terminal over to the program itself.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMP = join(ROOT, 'node_modules', '.tickloom-lock');
const ENTRIES = {
  // What users run is compiled; tests and benchmarks are not.
  start: ['infra/run.mjs', 'src/app/main', 'start'],
  test: ['test/run.ts'],
  faults: ['test/faults/main.ts'],
  bench: ['test/bench/main.ts'],
};

// What the lock file pins and nothing else; it has the binaries of all platforms.
const INSTALL = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];

function fail(message) {
  console.error(message);
  process.exit(1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`tickloom needs Node 20.19 or newer, and this is ${process.versions.node}.`);
}

/** Runs a program on this terminal; a signal to us waits for it, because it has things to stop. */
function run(file, args, quiet) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: ROOT, stdio: quiet ? 'pipe' : 'inherit' });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    // The terminal sends its Ctrl-C to the child as well: here it only must not end us first.
    process.on('SIGINT', () => undefined);
    child.on('error', (error) => resolve({ code: 1, output: String(error) }));
    child.on('exit', (code, signal) => resolve({ code: code ?? (signal ? 130 : 1), output }));
  });
}

async function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .update(process.version)
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  console.log('tickloom: installing the packages that package-lock.json pins …');
  const { code, output } = await run('npm', INSTALL, true);
  if (code !== 0) {
    fail(
      `${output}\nnpm ci failed: check that this machine reaches the npm registry, and try again.`,
    );
  }
  writeFileSync(STAMP, lock);
}

const [name = '', ...rest] = process.argv.slice(2);
const entry = ENTRIES[name];
if (entry === undefined) fail(`usage: node infra/setup.mjs ${Object.keys(ENTRIES).join(' | ')}`);
checkNode();
await installPackages();
const loader = entry[0].endsWith('.ts') ? ['--import', 'tsx'] : [];
const { code } = await run(process.execPath, [...loader, ...entry, ...rest], false);
process.exit(code);
