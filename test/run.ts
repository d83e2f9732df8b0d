/**
 * `npm test`: everything that has to hold before a change lands, one step after the other, each
 * with a budget. Prints what each took and, last, `N passed, N failed` over all tests and checks.
 *
 * `npm run test:deep` runs the longer proofs; with `--rotate N` the N-th of them, counted round and
 * round, and those whose sources have changed since they last passed. Names of steps run those
 * alone.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasPython } from './support/python.ts';

interface Step {
  readonly name: string;
  readonly budgetS: number;
  readonly command: readonly string[];
  /** Vitest's report, where the step is a suite. */
  readonly report?: string;
}

interface Outcome {
  readonly step: Step;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Skip {
  readonly reason: string;
  readonly isSo: boolean;
  readonly tests: RegExp;
}

/** Tests that may be skipped where their reason is so. Nothing else may. */
const SKIPS: readonly Skip[] = [
  {
    reason: 'there is no python3 on the PATH',
    isSo: !hasPython,
    tests: /^(the join equals the second program, row for row|(pd|pl|duckdb|cx)\.)/,
  },
  {
    reason: 'this is not Linux',
    isSo: process.platform !== 'linux',
    tests: / (is reported with its holder|without libgomp names the package to install)$/,
  },
  {
    reason: 'it does not run as root',
    isSo: process.getuid?.() !== 0,
    tests: / of root lets other users through, and not in$/,
  },
];
const findSkip = (fullName: string): Skip | undefined =>
  SKIPS.find(({ isSo, tests }) => isSo && tests.test(fullName));

const isSkipped = (status: string): boolean => status !== 'passed' && status !== 'failed';

const BIN = 'node_modules/.bin/';
const reports = mkdtempSync(join(tmpdir(), 'tickloom-test-'));

function suite(name: string, budgetS: number, ...args: readonly string[]): Step {
  const report = join(reports, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const command = [`${BIN}vitest`, 'run', '--project', name, ...reporters, ...args];
  return { name, budgetS, command, report };
}

function program(name: string, budgetS: number, file: string, ...args: readonly string[]): Step {
  const report = join(reports, `${name}.json`);
  const command = [process.execPath, '--import', 'tsx', file, ...args, '--report', report];
  return { name, budgetS, command, report };
}

const STEPS: readonly Step[] = [
  { name: 'types', budgetS: 60, command: [`${BIN}tsc`, '--noEmit'] },
  { name: 'lint', budgetS: 60, command: [`${BIN}oxlint`, '--type-aware', '--deny-warnings'] },
  { name: 'format', budgetS: 30, command: [`${BIN}oxfmt`, '--check', '.'] },
  suite('unit', 240),
  suite('integration', 900),
  program('faults', 600, 'test/faults/main.ts'),
];

/** Drawn anew for every landing, and printed: a failure can be had again. */
const SEED = String(1 + (numberAfter('--rotate') ?? 0));

/** Not among those that are drawn: mounting a disk takes root. */
const FULL_DISKS = 'kill-sink,disk-kafka,disk-questdb,disk-redis,disk-postgres,disk-exports';

/** A longer proof: whose sources it proves, and how long it took when it last ran. */
interface DeepStep extends Step {
  /** Beginnings of paths. */
  readonly sources: readonly string[];
  readonly tookS: number;
}

const deep = (step: Step, tookS: number, ...sources: readonly string[]): DeepStep => ({
  ...step,
  tookS,
  sources,
});

const PORTS = ['src/kafka/', 'src/questdb/', 'src/postgres/', 'src/queue/'];
const FLOW = ['pipelines/', 'src/stream/', 'src/runtime/', 'src/app/', ...PORTS];
const LEARNING = ['src/learning/', 'src/features/', 'pipelines/training/', 'pipelines/review/'];

/** New ones at the end: which one has its turn goes by their number. */
const DEEP: readonly DeepStep[] = [
  deep(
    program('drawn-faults', 900, 'test/faults/main.ts', '--schedules', '4', '--seed', SEED),
    780,
    ...['test/faults/', ...FLOW],
  ),
  deep(
    program('partitions', 900, 'test/faults/partitions.ts', '--seed', SEED),
    600,
    ...['test/faults/partitions', 'src/runtime/partition', 'src/kafka/', 'src/stream/'],
  ),
  deep(
    program('noise', 900, 'test/deep/noise.ts', '--candidates', '60', '--seed', SEED),
    900,
    ...['test/deep/noise', ...LEARNING],
  ),
  deep(program('mutations', 900, 'test/mutations/main.ts'), 1_500, 'test/mutations/'),
  deep(
    program('full-disks', 300, 'test/faults/main.ts', '--faults', FULL_DISKS),
    240,
    ...['test/faults/small-disk', 'infra/local/', 'src/questdb/'],
  ),
  deep(
    program('kept-faults', 600, 'test/faults/main.ts', '--kept'),
    900,
    ...['test/faults/', ...FLOW],
  ),
  deep(
    program('hostile', 900, 'test/deep/hostile.ts', '--records', '2000', '--seed', SEED),
    60,
    ...['test/deep/hostile', 'src/domain/', 'src/stream/', 'pipelines/', 'src/postgres/'],
  ),
  deep(
    program('http-fuzz', 900, 'test/deep/http-fuzz.ts', '--requests', '3000', '--seed', SEED),
    200,
    ...['test/deep/http-fuzz', 'src/http/'],
  ),
  deep(
    program('notebook', 600, 'test/deep/notebook.ts'),
    300,
    ...['test/deep/notebook', 'examples/', 'src/learning/', 'pipelines/dataset/'],
  ),
  deep(
    program('other-node', 600, 'test/deep/other-node.ts'),
    300,
    ...['test/deep/other-node', 'package', 'infra/', 'src/features/', 'src/indicators/'],
  ),
  deep(
    program('readme', 900, 'test/deep/readme.ts'),
    700,
    ...['test/deep/readme', 'README.md', 'docs/', 'src/cli/'],
  ),
  deep(
    program('older-version', 600, 'test/deep/older-version.ts'),
    200,
    ...['test/deep/older-version', 'sql/', 'src/domain/wire', 'src/stream/state-codec'],
  ),
  deep(
    program('jobs', 1_000, 'test/deep/jobs.ts'),
    800,
    ...['test/deep/jobs', 'pipelines/', 'src/queue/', 'src/app/job'],
  ),
  deep(suite('long', 600), 600, 'test/flow/', 'test/integration/', 'pipelines/dataset/'),
  deep(
    program('schemathesis', 900, 'test/deep/schemathesis.ts', '--seed', SEED),
    200,
    ...['test/deep/schemathesis', 'src/http/'],
  ),
];

/** All deep proofs of a landing. */
const DEEP_S = 1_200;
/** By step, the commit on which it last passed. */
const PROVEN = '.ci/proven.json';

/**
 * The proof whose turn it is, and those whose sources are others than when they last passed, the
 * shortest first, as many as fit.
 */
function dueDeep(turn: number): readonly DeepStep[] {
  const next = DEEP[turn % DEEP.length] as DeepStep;
  const proven = JSON.parse(readFileSync(PROVEN, 'utf8')) as Readonly<Record<string, string>>;
  const changed = DEEP.filter((step) => step !== next && isChanged(step, proven[step.name]));
  let leftS = DEEP_S - next.tookS;
  const fitting = changed
    .toSorted((a, b) => a.tookS - b.tookS)
    .filter(({ tookS }) => (leftS -= tookS) >= 0);
  const left = changed.filter((step) => !fitting.includes(step)).map(({ name }) => name);
  if (left.length > 0) console.log(`changed, and too long for one landing: ${left.join(', ')}`);
  return [...fitting, next];
}

function isChanged({ sources }: DeepStep, provenAt: string | undefined): boolean {
  if (provenAt === undefined) return true;
  const { status, stdout } = spawnSync('git', ['diff', '--name-only', provenAt, 'HEAD']);
  const files = String(stdout).split('\n');
  // Unknown here, as in a clone without its past: whatever it was.
  return status !== 0 || files.some((file) => sources.some((start) => file.startsWith(start)));
}

function numberAfter(flag: string): number | null {
  const at = process.argv.indexOf(flag);
  return at < 0 ? null : Number(process.argv[at + 1]);
}

/** The steps that the command line asks for. */
function requestedSteps(): readonly Step[] {
  const turn = numberAfter('--rotate');
  const steps = process.argv.includes('--deep') ? DEEP : STEPS;
  if (turn !== null) return dueDeep(turn);
  const names = new Set(process.argv.slice(2));
  const named = [...STEPS, ...DEEP].filter(({ name }) => names.has(name));
  return named.length > 0 ? named : steps;
}

const GRACE_MS = 60_000;

function run(step: Step): Promise<number> {
  const [file = '', ...args] = step.command;
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'inherit' });
    // Three budgets is a hang, not a slow machine. It is asked first: a suite then ends its servers.
    const limits = [
      setTimeout(() => child.kill('SIGINT'), step.budgetS * 3_000),
      setTimeout(() => child.kill('SIGKILL'), step.budgetS * 3_000 + GRACE_MS),
    ];
    child.on('exit', (code) => {
      for (const limit of limits) clearTimeout(limit);
      resolve(code ?? 1);
    });
    child.on('error', () => resolve(1));
  });
}

interface Result {
  readonly status: string;
  readonly fullName: string;
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly Result[] }[];
}

function count(step: Step, code: number): Pick<Outcome, 'passed' | 'failed' | 'skipped'> {
  if (step.report === undefined) {
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  }
  try {
    const report = JSON.parse(readFileSync(step.report, 'utf8')) as Report;
    const results = report.testResults.flatMap((file) => file.assertionResults);
    const passed = results.filter(({ status }) => status === 'passed').length;
    const failed = results.filter(({ status }) => status === 'failed').length + unreasoned(results);
    const skipped = results.length - passed - failed;
    // A suite that broke before its tests, or that ran none, has failed.
    const broken = (code !== 0 && failed === 0) || results.length === 0;
    return { passed, failed: failed + (broken ? 1 : 0), skipped };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** Tells what was skipped and why; how many of it have no reason. */
function unreasoned(results: readonly Result[]): number {
  const skipped = results.filter(({ status }) => isSkipped(status));
  const reasons = skipped.map(({ fullName }) => findSkip(fullName)?.reason);
  for (const { reason } of SKIPS) {
    const n = reasons.filter((each) => each === reason).length;
    if (n > 0) console.log(`skipped ${n}: ${reason}`);
  }
  const none = skipped.filter((_, i) => reasons[i] === undefined);
  for (const { fullName } of none) console.log(`skipped without a reason: ${fullName}`);
  return none.length;
}

async function main(): Promise<number> {
  const steps = requestedSteps();
  const outcomes: Outcome[] = [];
  for (const step of steps) {
    console.log(`\n=== ${step.name}`);
    const startMs = performance.now();
    const code = await run(step);
    const seconds = (performance.now() - startMs) / 1000;
    outcomes.push({ step, seconds, ...count(step, code) });
  }
  rmSync(reports, { recursive: true, force: true });
  console.log('\nstep          took   budget   passed  failed  skipped');
  for (const { step, seconds, passed, failed, skipped } of outcomes) {
    const over = seconds > step.budgetS ? '  over its budget' : '';
    const cells = [`${seconds.toFixed(0)} s`, `${step.budgetS} s`, passed, failed, skipped];
    const widths = [8, 8, 8, 7, 8];
    const line = cells.map((cell, i) => String(cell).padStart(widths[i] ?? 8)).join(' ');
    console.log(`${step.name.padEnd(10)}${line}${over}`);
  }
  const sum = (key: 'passed' | 'failed' | 'skipped'): number =>
    outcomes.reduce((total, outcome) => total + outcome[key], 0);
  console.log('');
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  return sum('failed') === 0 ? 0 : 1;
}

process.exitCode = await main();
