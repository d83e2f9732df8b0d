/** Runs tests by their full names with vitest, in a copy of the project, and says how each went. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { testKey, type NamedTest } from './mutation.ts';

export interface Ran {
  /** Null: vitest has not come to it; `messages` then say why. */
  readonly status: string | null;
  readonly messages: readonly string[];
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const CONFIG = 'test/mutations/vitest.config.ts';
const REPORT = 'mutation-report.json';
/** Of a run; a machine that has other work too may take many times what a quiet one does. */
const LIMIT_MS = 180_000;
const LIMIT_MS_PER_TEST = 20_000;
const OUTPUT_MAX = 600;

/** By `testKey`. */
export async function runNamed(dir: string, tests: readonly NamedTest[]) {
  const alone = tests.filter(({ isBehindOthers }) => isBehindOthers !== true);
  const others = tests.filter(({ isBehindOthers }) => isBehindOthers === true);
  return new Map([...(await run(dir, alone, true)), ...(await run(dir, others, false))]);
}

/** `alone`: nothing else of their files is run. */
async function run(
  dir: string,
  tests: readonly NamedTest[],
  alone: boolean,
): Promise<Map<string, Ran>> {
  if (tests.length === 0) return new Map();
  const names = [...new Set(tests.map(({ name }) => name))];
  const pattern = `^(${names.map(escaped).join('|')})$`;
  const files = [...new Set(tests.map(({ file }) => file))];
  const report = join(dir, REPORT);
  rmSync(report, { force: true });
  const limitMs = LIMIT_MS + LIMIT_MS_PER_TEST * tests.length;
  const output = await vitest(dir, limitMs, [
    ...['run', '--root', dir, '--config', join(dir, CONFIG)],
    ...(alone ? ['--testNamePattern', pattern] : []),
    ...['--reporter=json', `--outputFile=${report}`, ...files],
  ]);
  const results = resultsIn(report);
  return new Map(
    tests.map((test): [string, Ran] => [testKey(test), findResult(dir, test, results, output)]),
  );
}

function findResult(
  dir: string,
  { file, name }: NamedTest,
  results: Report['testResults'],
  output: string,
): Ran {
  const suite = results.find((each) => each.name === join(dir, file));
  const test = suite?.assertionResults.find(({ fullName }) => fullName === name);
  if (test === undefined || test.status === 'skipped' || test.status === 'pending') {
    const why = suite?.message === undefined || suite.message === '' ? output : suite.message;
    return { status: null, messages: [why.slice(-OUTPUT_MAX)] };
  }
  return { status: test.status, messages: test.failureMessages };
}

function resultsIn(report: string): Report['testResults'] {
  try {
    return (JSON.parse(readFileSync(report, 'utf8')) as Report).testResults;
  } catch {
    return [];
  }
}

/** Resolves with what it said; how the tests went is in its report. */
function vitest(dir: string, limitMs: number, args: readonly string[]): Promise<string> {
  const file = join(dir, 'node_modules/vitest/vitest.mjs');
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(process.execPath, [file, ...args], { cwd: dir, stdio: [...stdio] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.on('error', reject);
    child.on('close', (_code, signal) => {
      clearTimeout(limit);
      resolve(signal === null ? output : `${output}\nvitest was ended by ${signal}`);
    });
  });
}

const escaped = (name: string): string => name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
