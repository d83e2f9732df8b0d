/**
 * Node 20 and Node 24 say the same, to the byte: features that one served are what the other makes
 * of the stored ticks, a training set built under one has the other's hash, and so has a model.
 * Last, the unit tests under the other one.
 *
 *   node --import tsx test/deep/other-node.ts
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { childEnv } from '../../src/config/config.ts';
import { formatUs, parseUs, US_PER_DAY } from '../../src/domain/time.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { runFeed } from '../../pipelines/feed/feeding.ts';
import { Bed, STAGES } from '../faults/bed.ts';
import { otherNode } from '../support/other-node.ts';
import { report, type ProofResult } from '../support/report.ts';

const { values } = parseArgs({ options: { report: { type: 'string' } } });

const FROM = parseUs('2026-01-01');
const TO = FROM + 2 * US_PER_DAY;
const KEY = 'synthetic:NODE/USD';
const BIN = join(PROJECT_DIR, 'infra', 'bin', 'tickloom.mjs');

type Env = Readonly<Record<string, string>>;

function run(node: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr } = spawnSync(node, args, {
    ...{ cwd: PROJECT_DIR, env, encoding: 'utf8' },
  });
  if (status !== 0) console.log(`${node} ${args.join(' ')}: ${stdout}${stderr}`);
  return { status, out: stdout.trim() };
}

/** The hash of a set of the same definition, as of the same moment. */
function builtUnder(node: string, out: string, env: Env): string {
  const range = ['--from', formatUs(FROM), '--to', formatUs(TO), '--as-of', formatUs(TO)];
  run(node, [BIN, 'dataset', 'build', ...range, '--out', out], env);
  const { sha256, rows } = JSON.parse(readFileSync(join(out, '_manifest.json'), 'utf8')) as {
    sha256: string;
    rows: number;
  };
  console.log(`${rows} rows, ${sha256}`);
  return rows > 1000 ? sha256 : '';
}

/** What one installation served and built, looked at by the other. */
async function onServers(other: string): Promise<ProofResult[]> {
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-other-node-'));
  const bed = await Bed.open({ TICKLOOM_RETRAIN_EVERY: '366d' });
  try {
    for (const stage of STAGES) await bed.keep(stage);
    const market = { seed: 31, venue: 'synthetic', symbols: ['NODE/USD'], rate: 0.3 };
    const source = mergedTrades({ ...market, fromUs: FROM, toUs: TO, edge: 'planted' });
    await runFeed(bed.context, { source, notify: () => undefined });
    await bed.drain();
    const env = childEnv(bed.config);
    const replayed = run(other, [BIN, 'replay', '--check', '--symbols', KEY], env);
    console.log(replayed.out);
    const own = builtUnder(process.execPath, join(dir, 'own'), env);
    const others = builtUnder(other, join(dir, 'others'), env);
    const verified = run(other, [BIN, 'dataset', 'verify', join(dir, 'own')], env);
    console.log(verified.out);
    return [
      proof(replayed.status === 0, 'features served under one are those of the other'),
      proof(own !== '' && own === others, 'a training set has one hash under both'),
      proof(verified.status === 0, 'a set built under one is made again under the other'),
    ];
  } finally {
    await bed.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function trained(other: string): ProofResult {
  const script = ['--import', 'tsx', 'test/deep/trained-bytes.ts'];
  const [own, others] = [run(process.execPath, script), run(other, script)];
  console.log(`a model under one: ${own.out}\nunder the other:   ${others.out}`);
  const isOne = own.status === 0 && own.out.length === 64 && own.out === others.out;
  return proof(isOne, 'a training gives the same bytes under both');
}

function unitTests(other: string): ProofResult {
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const { status, out } = run(other, [vitest, 'run', '--project', 'unit', '--reporter=dot']);
  console.log(out.split('\n').slice(-5).join('\n'));
  return proof(status === 0, 'the unit tests pass under the other');
}

const proof = (held: boolean, fullName: string): ProofResult => ({
  status: held ? 'passed' : 'failed',
  fullName,
});

const other = otherNode();
console.log(`Node ${process.versions.node} beside ${run(other, ['--version']).out}`);
const results = [...(await onServers(other)), trained(other), unitTests(other)];
process.exitCode = report(results, values.report);
process.exit();
