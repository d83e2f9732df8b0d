/**
 * Patches to the shipped source, each applied to a copy of the project, each of which has to turn
 * the test red that it names. A mutation that survives says that nothing guards that line.
 *
 *   node --import tsx test/mutations/main.ts
 *   node --import tsx test/mutations/main.ts --only dedup-key,epoch-of-checkpoints
 *
 * Every named test is run without any patch first. A test is red only by an error of its own: a
 * copy that does not hold together, or a test that is not found, fails the mutation.
 */
import { parseArgs } from 'node:util';
import { report, type ProofResult } from '../support/report.ts';
import { must } from '../../src/assert.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import startServers from '../support/global-stack.ts';
import { isIntegration, testKey, type Mutation, type NamedTest } from './mutation.ts';
import { MUTATIONS } from './mutations.ts';
import { runNamed, type Ran } from './named-tests.ts';
import { TreeCopy } from './tree-copy.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    report: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

interface Outcome {
  readonly mutation: Mutation;
  /** Null: the named test has turned red. */
  readonly problem: string | null;
}

function requested(): readonly Mutation[] {
  if (values.only === undefined) return MUTATIONS;
  return values.only.split(',').map((name) => {
    const mutation = MUTATIONS.find((each) => each.name === name);
    if (mutation === undefined) throw new Error(`there is no mutation "${name}"; see --help`);
    return mutation;
  });
}

/** The tests that are not green as they are, each with why. */
async function redAlready(copy: TreeCopy, tests: readonly NamedTest[]) {
  const unique = [...new Map(tests.map((test) => [testKey(test), test])).values()];
  if (unique.length === 0) return new Map<string, string>();
  const startMs = performance.now();
  const ran = await runNamed(copy.dir, unique);
  const red = [...ran].filter(([, { status }]) => status !== 'passed');
  const seconds = secondsSince(startMs);
  console.log(`${unique.length - red.length} of ${unique.length} green as they are, ${seconds} s`);
  return new Map(
    red.map(([key, { status, messages }]) => [
      key,
      `${status ?? 'not run'}: ${firstLine(messages)}`,
    ]),
  );
}

async function findProblem(copy: TreeCopy, { patches, breaks }: Mutation): Promise<string | null> {
  try {
    const ran = await copy.patched(patches, () => runNamed(copy.dir, [breaks]));
    return judgeRun(must(ran.get(testKey(breaks))));
  } catch (error) {
    return (error as Error).message;
  }
}

function judgeRun({ status, messages }: Ran): string | null {
  const message = firstLine(messages);
  if (status === null) return `the test was not run: ${message}`;
  if (status !== 'failed') return `survived: the test has ${status}`;
  return /^(ReferenceError|SyntaxError)/.test(message)
    ? `the patch is no program: ${message}`
    : null;
}

const firstLine = (messages: readonly string[]): string =>
  (messages[0] ?? '').trim().split('\n')[0] ?? '';

const secondsSince = (startMs: number): string => ((performance.now() - startMs) / 1000).toFixed(1);

async function runAll(copy: TreeCopy, mutations: readonly Mutation[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const red = await redAlready(
    copy,
    mutations.map(({ breaks }) => breaks),
  );
  for (const mutation of mutations) {
    const { name, breaks } = mutation;
    const startMs = performance.now();
    const already = red.get(testKey(breaks));
    const problem =
      already === undefined ? await findProblem(copy, mutation) : `red without it: ${already}`;
    const verdict = problem === null ? 'killed' : 'FAILED';
    console.log(`${verdict}  ${name}  ${secondsSince(startMs)} s`);
    console.log(`        ${testKey(breaks)}`);
    if (problem !== null) console.log(`        ${problem}`);
    outcomes.push({ mutation, problem });
  }
  return outcomes;
}

async function main(): Promise<number> {
  if (values.help) {
    console.log('mutations [--only NAME,…] [--report FILE]');
    for (const { name, breaks } of MUTATIONS) console.log(`  ${name}: ${testKey(breaks)}`);
    return 0;
  }
  const mutations = requested();
  const copy = new TreeCopy(PROJECT_DIR);
  const outcomes: Outcome[] = [];
  try {
    outcomes.push(
      ...(await runAll(
        copy,
        mutations.filter(({ breaks }) => !isIntegration(breaks)),
      )),
    );
    const others = mutations.filter(({ breaks }) => isIntegration(breaks));
    if (others.length > 0) {
      const stopServers = await startServers();
      try {
        outcomes.push(...(await runAll(copy, others)));
      } finally {
        await stopServers();
      }
    }
  } finally {
    copy.remove();
  }
  const results = outcomes.map(({ mutation, problem }): ProofResult => ({
    status: problem === null ? 'passed' : 'failed',
    fullName: `${mutation.name} turns "${mutation.breaks.name}" red`,
  }));
  return report(results, values.report);
}

process.exitCode = await main();
