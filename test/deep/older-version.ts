/**
 * An installation of an older version goes on under this one: its stages beside ours, in either
 * order, and its data directory afterwards. Nothing is lost, double or set apart, and every row of
 * before is there.
 *
 *   node --import tsx test/deep/older-version.ts [--from COMMIT]
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack, type Stack } from '../../infra/local/stack.ts';
import { must } from '../../src/assert.ts';
import { LOADER_FLAGS, PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig } from '../../src/config/config.ts';
import { parseUs, US_PER_HOUR } from '../../src/domain/time.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import { runFeed } from '../../pipelines/feed/feeding.ts';
import type { ProcessName } from '../../src/app/run.ts';
import { drained } from '../../src/runtime/drained.ts';
import { migrateUp } from '../../src/postgres/tables/migrate.ts';
import { MARKET_TABLES, migrateQuestDb } from '../../src/questdb/tables/schema.ts';
import { compiledArgs } from '../support/compiled.ts';
import { report, type ProofResult } from '../support/report.ts';
import { stackEnv } from '../support/stack.ts';
import { readTopic } from '../support/topics.ts';

const { values } = parseArgs({
  options: {
    report: { type: 'string' },
    // The last version whose log has no clock, and whose positions have no marker.
    from: { type: 'string', default: '1a53a74' },
  },
});

const FROM = parseUs('2026-01-01');
const HOURS = [0, 1, 2];
const DRAIN_MS = 180_000;
const STAGES = ['stream', 'sink', 'money', 'jobs'] as const;

type Env = Record<string, string>;
type Version = 'old' | 'new';

/** The files of the older version, with the packages of this one. */
function checkOut(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-older-'));
  const archive = execFileSync('git', ['archive', values.from], {
    cwd: PROJECT_DIR,
    maxBuffer: 1e9,
  });
  execFileSync('tar', ['x', '-C', dir], { input: archive });
  symlinkSync(join(PROJECT_DIR, 'node_modules'), join(dir, 'node_modules'));
  return dir;
}

class Mixed {
  private readonly children = new Map<ProcessName, ChildProcess>();
  private readonly olderDir: string;
  private readonly env: NodeJS.ProcessEnv;

  constructor(olderDir: string, env: Env) {
    this.olderDir = olderDir;
    this.env = { ...process.env, ...env };
  }

  /** A command of the older version. */
  older(...args: string[]): void {
    const bin = join(this.olderDir, 'infra', 'bin', 'tickloom.mjs');
    const options = { cwd: this.olderDir, env: this.env, encoding: 'utf8' } as const;
    const { status, stderr } = spawnSync(process.execPath, [bin, ...args], options);
    if (status !== 0) throw new Error(`${args.join(' ')} of the older version:\n${stderr}`);
  }

  /** What `npm start` of the older version makes before its processes, all but the tables. */
  seed(): void {
    const script = `
      import { loadConfig } from './src/config.ts';
      import { openContext } from './src/processes/context.ts';
      import { seedInstallation } from './src/processes/seed.ts';
      const context = openContext(loadConfig(), 'seed');
      await seedInstallation(context.postgres, context.config);
      context.controlKey();
      await context.close();`;
    const args = [...LOADER_FLAGS, '--input-type=module', '-e', script];
    execFileSync(process.execPath, args, { cwd: this.olderDir, env: this.env, stdio: 'inherit' });
  }

  /** Ends the stage that runs, in order, and starts that of a version. */
  async run(version: Version, ...names: readonly ProcessName[]): Promise<void> {
    for (const name of names) {
      await this.stop(name);
      const older = [...LOADER_FLAGS, join(this.olderDir, 'src', 'processes', 'child.ts'), name];
      const child = spawn(process.execPath, version === 'old' ? older : compiledArgs(name), {
        cwd: version === 'old' ? this.olderDir : PROJECT_DIR,
        env: this.env,
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      this.children.set(name, child);
      await new Promise<void>((resolve, reject) => {
        child.once('message', () => resolve());
        child.once('exit', (code) => reject(new Error(`${version} ${name} ended with ${code}`)));
      });
    }
  }

  async stop(name: ProcessName): Promise<void> {
    const child = this.children.get(name);
    this.children.delete(name);
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  async stopAll(): Promise<void> {
    for (const name of [...this.children.keys()]) await this.stop(name);
  }
}

/**
 * An hour of one market, the same under every venue. What is fed ends with a heartbeat. Tables that
 * were not migrated yet are the older version's to ask.
 */
async function feed(context: Context, venue: string, hour: number, older?: Mixed): Promise<void> {
  const market = { seed: 9, venue, symbols: ['OLDER/USD'], rate: 0.3, edge: 'planted' } as const;
  const [skipToUs, toUs] = [FROM + hour * US_PER_HOUR, FROM + (hour + 1) * US_PER_HOUR];
  const source = mergedTrades({ ...market, fromUs: FROM, skipToUs, toUs });
  await runFeed(context, { source, notify: () => undefined });
  if (older !== undefined) {
    older.older('flow', 'wait');
    return;
  }
  const open = await drained(context, DRAIN_MS);
  if (open.length > 0) throw new Error(`does not come to rest:\n${open.join('\n')}`);
}

/** Rows of all tables by table, as they would be of any venue and whenever they were known. */
async function readRows(context: Context, venue: string): Promise<Map<string, string[]>> {
  const reader = context.questdbReader();
  const found = new Map<string, string[]>();
  for (const table of MARKET_TABLES) {
    const rows = await reader.query<Record<string, unknown>>(
      `SELECT * FROM ${table} WHERE venue = $1`,
      [venue],
    );
    const plain = rows.map((row) =>
      JSON.stringify(row)
        .replaceAll(/"\w*known_at":\d+/g, '')
        .replaceAll(venue, 'V'),
    );
    found.set(table, plain.toSorted());
  }
  return found;
}

function differences(a: Map<string, string[]>, b: Map<string, string[]>): string[] {
  return MARKET_TABLES.flatMap((table) => {
    const [left, right] = [must(a.get(table)), must(b.get(table))];
    const set = new Set(right);
    const lacks = left.filter((row) => !set.has(row));
    const isSame = lacks.length === 0 && left.length === right.length;
    return isSame ? [] : [`${table}: ${left.length} and ${right.length}, such as ${lacks[0]}`];
  });
}

const proofs: ProofResult[] = [];
function proof(problems: readonly string[], fullName: string): void {
  proofs.push({ status: problems.length === 0 ? 'passed' : 'failed', fullName });
  console.log(`${problems.length === 0 ? 'passed' : 'FAILED'}  ${fullName}`);
  for (const problem of problems) console.log(`  ${problem}`);
}

/** Every tick under every mixture of versions; the tables at the end by venue. */
async function sideBySide(mixed: Mixed, context: Context): Promise<void> {
  for (const hour of HOURS) await feed(context, 'all-old', hour, mixed);
  await feed(context, 'mixed', 0, mixed);
  await migrateUp(context.postgres);
  await migrateQuestDb(context.questdbReader(), { features: FEATURE_NAMES });
  await mixed.run('new', 'stream');
  await feed(context, 'mixed', 1);
  await mixed.run('old', 'stream');
  await mixed.run('new', 'sink');
  await feed(context, 'mixed', 2);
  proof(
    differences(await readRows(context, 'mixed'), await readRows(context, 'all-old')),
    'an older stream beside our sink, and ours beside an older sink, keep what all old ones do',
  );
  await mixed.run('new', ...STAGES);
  for (const hour of HOURS) await feed(context, 'all-new', hour);
  proof(
    differences(await readRows(context, 'all-new'), await readRows(context, 'all-old')),
    'this version keeps of the same ticks what the older one kept',
  );
  const events = await context
    .questdbReader()
    .query<{ kind: string }>(`SELECT DISTINCT kind FROM quality_events`);
  proof(
    events.map(({ kind }) => kind).filter((kind) => kind === 'future' || kind === 'late'),
    'no tick was called late or of the future',
  );
  const letters = await readTopic(context, 'dead-letters');
  const strange = letters.filter(({ value }) => !String(value).includes('"clock"'));
  proof(
    strange.map(({ headers }) => JSON.stringify(headers)),
    `an older sink sets nothing aside but clocks, which it does not know (${letters.length})`,
  );
}

/** The rows of every table, as the columns of before show them. */
async function allRows(context: Context): Promise<Map<string, Set<string>>> {
  const all = new Map<string, Set<string>>();
  const take = (table: string, rows: readonly object[]): void => {
    all.set(table, new Set(rows.map((row) => JSON.stringify(row))));
  };
  for (const table of [...MARKET_TABLES, 'quality_events']) {
    take(table, await context.questdbReader().query(`SELECT * FROM ${table}`));
  }
  const booked = ['orders', 'fills', 'trades', 'ledger_entries', 'accounts', 'signals'];
  for (const table of [...booked, 'models', 'instruments', 'audit_log']) {
    take(table, (await context.postgres.query<object>(`SELECT * FROM ${table}`)).rows);
  }
  return all;
}

async function main(): Promise<void> {
  const olderDir = checkOut();
  const env: Env = { ...(await stackEnv()), TICKLOOM_LOG_LEVEL: 'error' };
  const config = loadConfig(env);
  // As the older version names itself there.
  const questdb = must(env['TICKLOOM_QUESTDB_PG_URL']).replace('//', '//admin:quest@');
  const mixedEnv = { ...env, TICKLOOM_QUESTDB_PG_URL: questdb };
  const mixed = new Mixed(olderDir, mixedEnv);
  let stack: Stack | null = null;
  try {
    mkdirSync(config.dataDir, { recursive: true });
    mixed.older('stack', 'up');
    mixed.older('migrate', 'up');
    mixed.older('topics', 'create');
    mixed.seed();
    let context = openContext(loadConfig(mixedEnv), 'older-version');
    await mixed.run('old', ...STAGES);
    await sideBySide(mixed, context);
    await mixed.stopAll();
    const before = await allRows(context);
    await context.close();
    mixed.older('stack', 'down');

    stack = await startStack(loadConfig(env));
    const after = loadConfig(env);
    context = openContext(after, 'older-version');
    await migrateUp(context.postgres);
    await migrateQuestDb(context.questdbReader(), { features: FEATURE_NAMES });
    const kept = await allRows(context);
    const lost = [...before].flatMap(([table, rows]) =>
      [...rows].filter((row) => !must(kept.get(table)).has(row)).map((row) => `${table}: ${row}`),
    );
    const total = [...before.values()].reduce((sum, rows) => sum + rows.size, 0);
    proof(lost.slice(0, 5), `all ${total} rows of its data directory are there afterwards`);
    await context.close();
  } finally {
    await mixed.stopAll();
    if (stack === null) mixed.older('stack', 'down');
    await stack?.stop();
    rmSync(config.dataDir, { recursive: true, force: true });
    rmSync(olderDir, { recursive: true, force: true });
  }
  process.exitCode = report(proofs, values.report);
}

await main();
process.exit();
