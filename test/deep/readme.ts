/**
 * README and `docs/`, run: a copy of the project without any data is started by the first command
 * of the README, and then every block is executed word for word and its result looked at. Only
 * addresses and places that are left open (ports, USER:PASSWORD, ID) are put in.
 *
 *   node --import tsx test/deep/readme.ts
 *
 * A block, command or statement that nothing here looks at fails: what is added to a page is added
 * here too, with what must come of it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { assert, must } from '../../src/assert.ts';
import { monotonicMs, sleep } from '../../src/clock.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { TreeCopy } from '../mutations/tree-copy.ts';
import { pythonWith } from '../support/python.ts';
import {
  readBlocks,
  parseCommands,
  parseFrames,
  parseStatements,
  type Block,
} from '../support/readme.ts';
import { report, type ProofResult } from '../support/report.ts';
import { stackEnv } from '../support/stack.ts';
import { QUERIED, LEFT, PRINTED, type Row } from './readme-expected.ts';
import { askRoute, routesIn, type Http } from './readme-routes.ts';

const { values } = parseArgs({ options: { report: { type: 'string' } } });

/** What is not run here, and why. Each is looked at in another way, or runs by itself. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [/^npm test$/, 'it is the whole suite, which runs by itself before every change'],
  [
    /^npm run (test:|report:|bench)|^npx (tsx|vitest run --project \w+) test\//,
    'proofs of minutes or hours, each a step of its own: only that it is there is looked at',
  ],
];

/** What removes everything, once nothing runs any more. */
const AT_THE_END = /^npx tickloom stack reset|^rm -rf/;

const PYTHON = [
  'confluent-kafka==2.14.0',
  'pandas==3.1.1',
  'pyarrow==26.0.1',
  'polars==2.1.0',
  'duckdb==2.0.0',
  'connectorx==0.4.6',
];

const START_MS = 20 * 60_000;
/** Nothing runs any more. */
const NOWHERE = { http: '' } as Connections;
const COMMAND_MS = 5 * 60_000;

/** The fresh installation and how it is reached. */
interface Place {
  readonly dir: string;
  readonly env: Record<string, string>;
}

interface Connections extends Http {
  readonly questdb_pg: string;
  readonly questdb_pg_readonly: string;
  readonly postgres: string;
  readonly postgres_readonly: string;
}

interface Ran {
  readonly code: number;
  readonly out: string;
}

/** Runs a line in the copy's shell as a reader would; one that does not end is ended. */
async function run(place: Place, line: string, limitMs = COMMAND_MS): Promise<Ran> {
  const child = shell(place, line);
  const out = collected(child);
  const timer = setTimeout(() => endGroup(child, 'SIGKILL'), limitMs);
  const code = await new Promise<number>((resolve) => {
    child.on('exit', (status, signal) => resolve(signal === null ? (status ?? -1) : -1));
  });
  clearTimeout(timer);
  return { code, out: out() };
}

const shell = ({ dir, env }: Place, line: string): ChildProcess =>
  spawn('sh', ['-c', line], {
    cwd: dir,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

function collected(child: ChildProcess): () => string {
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  }
  return () => out;
}

/** `npm start`, until its loop has closed and the market goes on live. */
async function start(place: Place, line: string): Promise<ChildProcess> {
  const child = shell(place, line);
  const out = collected(child);
  child.stdout?.pipe(process.stdout, { end: false });
  const deadlineMs = monotonicMs() + START_MS;
  while (!out().includes('goes on live')) {
    const isEnded = child.exitCode !== null || child.signalCode !== null;
    const isOver = isEnded || monotonicMs() > deadlineMs;
    if (isOver) {
      endGroup(child, 'SIGTERM');
      throw new Error(`npm start did not come to its end:\n${out().slice(-3_000)}`);
    }
    await sleep(500);
  }
  return child;
}

/** Ctrl-C, and whether everything is gone afterwards. */
async function stop(place: Place, child: ChildProcess): Promise<string | null> {
  const out = collected(child);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  endGroup(child, 'SIGINT');
  const code = await Promise.race([ended, sleep(60_000).then(() => 'late' as const)]);
  if (code === 'late') {
    endGroup(child, 'SIGKILL');
    return 'it did not end within a minute of Ctrl-C';
  }
  if (!out().includes('stopped')) return `it did not say that it stopped: ${out().slice(-500)}`;
  const left = await run(place, 'npx tickloom stack status --json');
  return /"running":\s*true/.test(left.out) ? `servers are left: ${left.out}` : null;
}

async function ask(url: string, question: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(question)).rows;
  } finally {
    await client.end();
  }
}

/** Asks until there is a row, because what was produced takes a moment to be stored. */
async function appears(url: string, question: string): Promise<boolean> {
  for (let tries = 0; tries < 60; tries++) {
    if ((await ask(url, question)).length > 0) return true;
    await sleep(500);
  }
  return false;
}

async function shellLine(place: Place, line: string, found: Connections): Promise<string | null> {
  const skipped = NOT_RUN.find(([pattern]) => pattern.test(line));
  if (skipped !== undefined) return isThere(place, line);
  const [begin, expected] = PRINTED.find(([first]) => line.startsWith(first)) ?? [];
  if (begin === undefined || expected === undefined) return 'nothing here looks at its result';
  const here = withAddresses(place, await withId(place, line), found);
  const { code, out } = await run(place, here, line.includes('flow wait') ? START_MS : COMMAND_MS);
  if (code !== 0) return `it ended with ${code}: ${out.slice(-1_000)}`;
  if (!expected.test(out)) return `it did not say ${expected}: ${out.slice(0, 1_000)}`;
  const file = LEFT[begin];
  return file === undefined || existsSync(join(place.dir, file)) ? null : `it left no ${file}`;
}

/** Where this installation listens, and where its token is. */
const withAddresses = ({ env }: Place, line: string, { http }: Connections): string =>
  line
    .replaceAll('http://127.0.0.1:8088', http)
    .replaceAll('.tickloom/http-token', join(env['TICKLOOM_DATA_DIR'] ?? '', 'http-token'));

/** `ID` stands for a model of the reader's own: here the first that was trained. */
async function withId(place: Place, line: string): Promise<string> {
  if (!/\bID\b/.test(line)) return line;
  const { out } = await run(place, 'npx tickloom models list --json');
  const id = must(/"model_id":\s*"([^"]+)"/.exec(out)?.[1], `there is a model: ${out}`);
  return line.replace(/\bID\b/, id);
}

/** Of what runs elsewhere: that the script, the step or the file is there. */
function isThere({ dir }: Place, line: string): string | null {
  const { scripts } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const [, script, step] = /^npm (?:run )?([\w:-]+)(?: ([a-z][\w-]*))?/.exec(line) ?? [];
  if (script !== undefined) {
    if (scripts[script] === undefined) return `package.json has no script ${script}`;
    const steps = readFileSync(join(dir, 'test', 'run.ts'), 'utf8');
    if (script !== 'test:deep' || step === undefined) return null;
    return steps.includes(`program('${step}'`) ? null : `test/run.ts has no step ${step}`;
  }
  const file = /^npx (?:tsx|vitest run --project \w+) (\S+)/.exec(line)?.[1] ?? line;
  return existsSync(join(dir, file)) ? null : `there is no ${file}`;
}

async function sql(statement: string, found: Connections): Promise<string | null> {
  const requested = QUERIED.find(([pattern]) => pattern.test(statement));
  if (requested === undefined) return 'nothing here looks at its result';
  const [, server, isSound] = requested;
  const url = server === 'questdb' ? found.questdb_pg_readonly : found.postgres_readonly;
  const rows = await ask(url, statement);
  return isSound(rows) ? null : `its rows are wrong: ${JSON.stringify(rows.slice(0, 5))}`;
}

const LOOKED_FOR: Readonly<Record<string, string>> = {
  ts: `SELECT * FROM ticks WHERE venue = 'my-venue' AND symbol = 'BTC/USD'`,
  python: `SELECT * FROM quotes WHERE venue = 'my-venue' AND symbol = 'EUR/USD'`,
};

/** A producer ends by itself, and its tick is stored. */
async function producer(place: Place, block: Block, found: Connections): Promise<string | null> {
  const isTs = block.language === 'ts';
  const name = isTs ? 'producer.ts' : 'producer.py';
  const brokers = must(place.env['TICKLOOM_KAFKA_BROKERS'], 'there is one');
  const text = block.text.replace('127.0.0.1:19092', brokers);
  writeFileSync(join(place.dir, name), text);
  const command = isTs ? `npx tsx ${name}` : `${pythonWith(PYTHON)} ${name}`;
  const { code, out } = await run(place, command, 60_000);
  if (code !== 0) return `it ended with ${code}: ${out.slice(-1_000)}`;
  const isStored = await appears(found.questdb_pg, must(LOOKED_FOR[block.language]));
  return isStored ? null : 'its tick is not stored';
}

/** A file that a later command runs, or a part of the next start. */
async function written(place: Place, file: string, { text }: Block): Promise<string | null> {
  const path = join(place.dir, file);
  const brokers = must(place.env['TICKLOOM_KAFKA_BROKERS'], 'there is one');
  if (existsSync(path)) return moreLines(path, text);
  writeFileSync(path, text.replace('127.0.0.1:19092', brokers));
  return null;
}

/** Lines for a file that is there: imports among the others, the rest at the end of its list. */
function moreLines(path: string, text: string): string | null {
  const before = readFileSync(path, 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('//'));
  const imports = lines.filter((line) => line.startsWith('import ')).map((line) => `${line}\n`);
  const names = lines.filter((line) => !line.startsWith('import ')).map((line) => `${line}\n`);
  const after = before
    .replace(/^import /m, (first) => `${imports.join('')}${first}`)
    .replace(/^\];$/m, (end) => `${names.join('')}${end}`);
  writeFileSync(path, after);
  return lines.every((line) => after.includes(`${line}\n`)) ? null : `${path} has no list`;
}

/** A line that makes a frame: how many rows it has. */
async function frame(place: Place, line: string, found: Connections): Promise<string | null> {
  const login = (url: string): string => must(/\/\/([^/]*)/.exec(url)?.[1]);
  const here = line
    .replace('USER:PASSWORD@127.0.0.1:18812', login(found.questdb_pg_readonly))
    .replace('USER:PASSWORD@127.0.0.1:15432', login(found.postgres_readonly));
  const imports = 'import pandas as pd, polars as pl, duckdb, connectorx as cx';
  writeFileSync(join(place.dir, 'frame.py'), `${imports}\nprint("rows", len(${here}))\n`);
  const { code, out } = await run(place, `${pythonWith(PYTHON)} frame.py`);
  const rows = Number(/^rows (\d+)$/m.exec(out)?.[1] ?? 0);
  if (code !== 0 || rows === 0) return `${rows} rows, ended with ${code}: ${out.slice(-1_000)}`;
  return null;
}

type Part = readonly [name: string, look: () => Promise<string | null>];

/** What is run of a block, piece by piece. */
function splitBlock(place: Place, block: Block, found: Connections): Part[] {
  const { language } = block;
  if (language === 'sh') {
    const lines = parseCommands(block).filter(
      (line) => line !== 'npm start' && !AT_THE_END.test(line),
    );
    return lines.map((line) => [line, () => shellLine(place, line, found)]);
  }
  if (language === 'sql') return parseStatements(block).map((s) => [s, () => sql(s, found)]);
  const lines = language === 'python' ? parseFrames(block) : [];
  if (lines.length > 0) return lines.map((line) => [line, () => frame(place, line, found)]);
  const file = /^\/\/ (\S+\.ts): /.exec(block.text)?.[1];
  if (language === 'ts' && file !== undefined) return [[file, () => written(place, file, block)]];
  const isProducer = LOOKED_FOR[language] !== undefined && /producer/.test(block.text);
  const look = (): Promise<string | null> => producer(place, block, found);
  return [[`the producer in ${language}`, isProducer ? look : unknown]];
}

const unknown = async (): Promise<string> => 'nothing here runs a block of this kind';

/** The recorded week is sound: something must have come in broken, that it can be asked for. */
async function brokenTick({ env }: Place, found: Connections): Promise<string | null> {
  const brokers = [must(env['TICKLOOM_KAFKA_BROKERS'], 'there is one')];
  const sender = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
  await sender.connect();
  const messages = [{ key: 'my-venue:BAD/USD', value: '{' }];
  await sender.send({ topic: 'ticks', acks: -1, messages });
  await sender.disconnect();
  const query = `SELECT * FROM quality_events WHERE kind = 'malformed'`;
  return (await appears(found.questdb_pg, query)) ? null : 'quality_events does not have it';
}

/** What `npm start` has begun: the page, and every process in its metrics. */
async function running({ http }: Connections): Promise<string | null> {
  const page = await fetch(`${http}/`);
  if (!page.ok) return `the page answers ${page.status}`;
  const text = await (await fetch(`${http}/metrics`)).text();
  const lacking = ['feed', 'stream', 'sink', 'trades', 'jobs', 'http'].filter(
    (name) => !new RegExp(`^process_cpu_seconds_total\\{process="${name}",`, 'm').test(text),
  );
  if (lacking.length > 0) return `/metrics lacks the processes ${lacking.join(', ')}`;
  const counted = [
    /^tickloom_stage_events_total\{stage="sink",topic="ticks",partition="\d+",event="new",.* \d{2}/m,
    /^tickloom_stage_lag_records\{stage="trades",topic="fills",partition="0"\} \d/m,
    /^tickloom_checkpoints_total\{stage="stream",.*result="saved",.* \d/m,
  ].filter((pattern) => !pattern.test(text));
  return counted.length === 0 ? null : `/metrics lacks ${counted.join(', ')}`;
}

async function looked(name: string, look: () => Promise<string | null>): Promise<ProofResult> {
  const fault = await look().catch((error: unknown) => String(error));
  const fullName = name.replaceAll(/\s+/g, ' ').slice(0, 120);
  console.log(`${fault === null ? 'ok    ' : 'FAULT '} ${fullName}`);
  if (fault !== null) console.log(`       ${fault}`);
  return { status: fault === null ? 'passed' : 'failed', fullName };
}

const isTutorial = (block: Block): boolean => block.place.startsWith('docs/first-hour.md');

async function everyBlock(
  place: Place,
  blocks: readonly Block[],
  again: () => Promise<string | null>,
): Promise<ProofResult[]> {
  const results: ProofResult[] = [];
  const { out } = await run(place, 'npx tickloom connect --json');
  const found = JSON.parse(out) as Connections;
  results.push(await looked('the page and every process in /metrics', () => running(found)));
  results.push(await looked('a broken tick is told', () => brokenTick(place, found)));
  // Somebody's own requests, as the README has them in `asked.csv`.
  const requested = 'symbol,ts,venue\nEUR/USD,2014-05-06T10:00:00Z,oanda\n';
  writeFileSync(join(place.dir, 'asked.csv'), requested);
  for (const route of routesIn(place.dir)) {
    results.push(await looked(route.name, () => askRoute(route, found)));
  }
  let isNew = true;
  for (const block of blocks) {
    console.log(`\n${block.place}, ${block.language}`);
    const isStart = isTutorial(block) && parseCommands(block).includes('npm start');
    if (isStart && !isNew) results.push(await looked('Ctrl-C, and npm start again', again));
    if (isStart) isNew = false;
    for (const [name, look] of splitBlock(place, block, found)) {
      results.push(await looked(name, look));
    }
  }
  return results;
}

async function main(): Promise<number> {
  for (const [pattern, why] of NOT_RUN) console.log(`not run: ${pattern}: ${why}`);
  const copy = new TreeCopy(PROJECT_DIR);
  const place: Place = { dir: copy.dir, env: await stackEnv() };
  // Whatever the tutorial changes comes behind what other pages say of the recorded week.
  const all = readBlocks(copy.dir);
  const blocks = [...all.filter((block) => !isTutorial(block)), ...all.filter(isTutorial)];
  const languages = new Set(blocks.map(({ language }) => language));
  assert(
    ['sh', 'sql', 'ts', 'python'].every((each) => languages.has(each)),
    'there are blocks of all four languages',
  );
  const results: ProofResult[] = [];
  let child: ChildProcess | null = null;
  try {
    results.push(
      await looked('npm start', async () => {
        child = await start(place, 'npm start');
        return null;
      }),
    );
    const again = async (): Promise<string | null> => {
      const fault = await stop(place, must(child, 'it runs'));
      if (fault === null) child = await start(place, 'npm start');
      return fault;
    };
    if (child !== null) results.push(...(await everyBlock(place, blocks, again)));
  } finally {
    const running_ = child as ChildProcess | null;
    if (running_ !== null) {
      results.push(await looked('Ctrl-C stops everything', () => stop(place, running_)));
      for (const line of blocks.flatMap(parseCommands).filter((each) => AT_THE_END.test(each))) {
        results.push(await looked(line, () => shellLine(place, line, NOWHERE)));
      }
    }
    copy.remove();
  }
  return report(results, values.report);
}

process.exitCode = await main();
process.exit();
