/** Every command of `--help` while no server is there: it says at once which, and what to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { probe, SERVERS, SLOW_MS } from '../../src/runtime/server-probe.ts';
import { makeProgram, runCommand } from '../../src/cli/program.ts';
import { monotonicMs } from '../../src/clock.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig } from '../../src/config/config.ts';
import { openContext } from '../../src/runtime/context.ts';
import { examine } from '../../src/app/doctor.ts';
import { freePorts } from '../support/stack.ts';

/** What does its work without a server, or starts and looks at servers itself. */
const WITHOUT_SERVERS = [
  ...['connect', 'feed check', 'keys list', 'migrate create'],
  ...['stack down', 'stack reset', 'stack status', 'stack up'],
];
/** Waits for them, and says so. */
const WAITS = ['run'];

const dir = mkdtempSync(join(tmpdir(), 'tickloom-away-'));
const file = join(dir, 'ticks.ndjson');
const PASSWORD = 'canary-of-away';

/** A word for each argument and each option that has to be there. */
const WORDS: Readonly<Record<string, string>> = {
  ...{ paths: file, file, topic: 'ticks', what: 'trades', place: 'dead-letters/0/0', name: 'x' },
  ...{ id: '1', ids: '1', change: '1', 'id or dir': 'x' },
  ...{ '--out': join(dir, 'out'), '--csv': join(dir, 'out.csv'), '--format': 'ndjson' },
  ...{ '--from': '2026-01-01', '--to': '2026-01-02', '--seed': '1', '--symbols': 'A/USD' },
  ...{ '--dataset': 'x', '--symbol': 'v:A/USD', '--why': 'a test', '--rate': '1' },
};
/** Without these a command asks first whether it should. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  'clock accept': ['--yes'],
  'curate clean': ['--keep', 'ticks=90d'],
  'dead-letters resend': ['--all'],
  'dataset build': ['--from', '2026-01-01', '--to', '2026-01-02'],
  'keys retire': ['--yes'],
  'models promote': ['--yes'],
  'models retire': ['--yes'],
  'models rollback': ['--yes'],
  'models undo': ['--yes'],
};

const word = (name: string): string => {
  const found = WORDS[name];
  if (found === undefined) throw new Error(`this test has no word for ${name}`);
  return found;
};

interface Leaf {
  readonly path: string;
  readonly words: readonly string[];
}

function listLeaves(command: Command, path: readonly string[] = []): Leaf[] {
  const leaves = command.commands.flatMap((child) => listLeaves(child, [...path, child.name()]));
  // A noun that does something of its own has an action, as `flow` has.
  const acts = Reflect.get(command, '_actionHandler') !== null;
  if (!acts || path.length === 0) return leaves;
  const given = command.registeredArguments.filter(({ required }) => required);
  const named = command.options.filter(({ mandatory }) => mandatory);
  const words = [
    ...path,
    ...given.map((argument) => argument.argChoices?.[0] ?? word(argument.name())),
    ...named.flatMap(({ long, argChoices }) => [long ?? '', argChoices?.[0] ?? word(long ?? '')]),
    ...(MORE[path.join(' ')] ?? []),
  ];
  return [{ path: path.join(' '), words }, ...leaves];
}

const all = listLeaves(await makeProgram());
const asking = all.filter(({ path }) => ![...WITHOUT_SERVERS, ...WAITS].includes(path));

let env: Record<string, string> = {};
beforeAll(async () => {
  writeFileSync(file, '{"kind":"heartbeat","venue":"v","symbol":"A/USD","ts":1767225600000000}\n');
  const [kafka, , http, pg, postgres, redis] = await freePorts(6);
  env = {
    TICKLOOM_DATA_DIR: join(dir, 'data'),
    TICKLOOM_KAFKA_BROKERS: `127.0.0.1:${kafka}`,
    TICKLOOM_QUESTDB_URL: `http://u:${PASSWORD}@127.0.0.1:${http}`,
    TICKLOOM_QUESTDB_PG_URL: `postgres://u:${PASSWORD}@127.0.0.1:${pg}/qdb`,
    TICKLOOM_POSTGRES_URL: `postgres://u:${PASSWORD}@127.0.0.1:${postgres}/tickloom`,
    TICKLOOM_REDIS_URL: `redis://:${PASSWORD}@127.0.0.1:${redis}`,
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});
afterEach(() => {
  process.exitCode = undefined;
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

async function run(words: readonly string[]) {
  const output: string[] = [];
  const listen = (line: unknown): void => void output.push(String(line));
  const spies = (['log', 'error'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(listen),
  );
  const startMs = monotonicMs();
  const code = (await runCommand(words)) ?? process.exitCode;
  for (const spy of spies) spy.mockRestore();
  return { code, output: output.join('\n'), tookMs: monotonicMs() - startMs };
}

const NAMED =
  /(Kafka|QuestDB \((SQL|HTTP)\)|PostgreSQL) at 127\.0\.0\.1:\d+ is away \(ECONNREFUSED\)/;

describe('while no server is there', () => {
  test('the list of commands is that of --help', () => {
    const paths = all.map(({ path }) => path);
    for (const path of [...WITHOUT_SERVERS, ...WAITS]) expect(paths).toContain(path);
    expect(asking.length).toBeGreaterThan(40);
  });

  test.each(asking)('$path says which, and what to do', async ({ words }) => {
    const { code, output, tookMs } = await run(words);
    expect(output).toMatch(NAMED);
    expect(output).toMatch(/npm start, or tickloom stack up.*TICKLOOM_\w+_(URL|BROKERS)/);
    expect(output).not.toContain(PASSWORD);
    expect(code).toBe(1);
    expect(tookMs).toBeLessThan(5_000);
  });

  test('doctor names each of them', async () => {
    const { output } = await run(['doctor']);
    for (const name of ['Kafka', 'QuestDB (SQL)', 'QuestDB (HTTP)', 'PostgreSQL', 'Redis']) {
      expect(output).toContain(`${name} at 127.0.0.1:`);
    }
  });

  test('run waits, and names them within 5 s of its start', async () => {
    const bin = join(PROJECT_DIR, 'infra', 'bin', 'tickloom.mjs');
    const child = spawn(process.execPath, [bin, 'run', 'http'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = once(child, 'exit');
    try {
      await vi.waitFor(() => expect(output).toMatch(/Redis at .* is away.*: waiting/s), 25_000);
      expect(output).toMatch(/PostgreSQL at .* is away/);
      expect(output).not.toContain(PASSWORD);
      expect(child.exitCode).toBe(null);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });
});

describe('a server that takes connections and says nothing', () => {
  let mute: Server;
  let port = 0;
  beforeAll(async () => {
    mute = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    port = (mute.address() as { port: number }).port;
  });
  afterAll(() => void mute.close());
  const silent = () =>
    loadConfig({
      ...env,
      TICKLOOM_KAFKA_BROKERS: `127.0.0.1:${port}`,
    });

  test('is said to be slow, and doctor does not wait for it', async () => {
    const startMs = monotonicMs();
    const slow: string[] = [];
    void probe(silent(), 'kafka', (line) => slow.push(line)).catch(() => undefined);
    const context = openContext(silent(), 'cli');
    const findings = await examine(context);
    expect(monotonicMs() - startMs).toBeLessThan(SLOW_MS + 1_500);
    await vi.waitFor(() =>
      expect(slow.join()).toMatch(/^Kafka at .* says nothing: waiting for it/),
    );
    expect(findings.find(({ check }) => check === 'kafka')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^Kafka at .* takes connections and says nothing/) as string,
    });
    expect(findings.filter(({ ok }) => ok).map(({ check }) => check)).toEqual(['disk']);
    void context.close();
  });

  test('is known by each name', async () => {
    for (const server of SERVERS)
      await expect(probe(loadConfig(env), server)).rejects.toThrow(/away/);
  });
});

test.each(['--version', '-V'])('%s is the version', async (flag) => {
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  const code = await runCommand([flag]);
  const output = write.mock.calls.map(([text]) => String(text)).join('');
  write.mockRestore();
  expect(output).toMatch(/^0\.1\.0(\+[0-9a-f]{7})?\n$/);
  expect(code).toBe(0);
});
