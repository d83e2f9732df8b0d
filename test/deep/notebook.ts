/**
 * `examples/bring_your_own_model.py` for real: a set is built and pulled, three models are made of
 * it in Python, each is registered and judged, and one in ONNX serves what it says.
 *
 *   node --import tsx test/deep/notebook.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadOnnx } from '../../src/models/onnx.ts';
import { assert } from '../../src/assert.ts';
import { makeDataset } from '../../pipelines/dataset/make.ts';
import { formatUs, parseUs, US_PER_DAY, US_PER_HOUR } from '../../src/domain/time.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { registerModel, type Registered } from '../../pipelines/training/register.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { runFeed } from '../../pipelines/feed/feeding.ts';
import { changeModel } from '../../src/postgres/tables/registry.ts';
import { Bed, STAGES } from '../faults/bed.ts';
import { pythonWith } from '../support/python.ts';
import { report, type ProofResult } from '../support/report.ts';

const { values } = parseArgs({ options: { report: { type: 'string' } } });

const SCRIPT = join(import.meta.dirname, '..', '..', 'examples', 'bring_your_own_model.py');
/** As the script names them. */
const PACKAGES = [...readFileSync(SCRIPT, 'utf8').matchAll(/([\w-]+==[\d.]+)/g)].map(
  ([, named = '']) => named,
);
const [VENUE, SYMBOL] = ['synthetic', 'PLANTED901/USD'];
const FROM = parseUs('2026-01-01');
const CUT = FROM + 7 * US_PER_DAY;
const MODELS = ['lightgbm.txt', 'logistic.onnx', 'network.onnx'];

async function feed(bed: Bed, fromUs: number, toUs: number): Promise<void> {
  const market = { seed: 901, venue: VENUE, symbols: [SYMBOL], rate: 0.2 };
  const range = { fromUs: FROM, skipToUs: fromUs, toUs };
  const source = mergedTrades({ ...market, ...range, edge: 'planted' });
  await runFeed(bed.context, { source, notify: () => undefined, open: true });
  await bed.drain();
}

async function registered(bed: Bed, dir: string, datasetId: string): Promise<Registered[]> {
  const found: Registered[] = [];
  for (const name of MODELS) {
    const bytes = readFileSync(join(dir, 'models', name));
    const request = { bytes, datasetId, subject: null, actor: 'notebook', why: 'an example' };
    const one = await registerModel(bed.context, request, console.log);
    const reasons = one.verdict?.reasons.map(({ detail }) => detail).join('; ') ?? 'not judged';
    console.log(`${name}: ${one.modelId} is ${one.state}: ${reasons}`);
    found.push(one);
  }
  return found;
}

/** What the champion predicted for the newest decisions against what its file says of their features. */
async function servedAsSaved(bed: Bed, modelId: string, file: Uint8Array): Promise<number> {
  const rows = await bed.context.questdbReader().query<Record<string, number | null>>(
    `SELECT p.probability_up AS predicted, f.* FROM
       (SELECT * FROM predictions WHERE venue = $1 AND slot = 'champion' AND model_id = $2) p
     JOIN (SELECT * FROM features WHERE venue = $1 AND revision = 0) f ON p.ts = f.ts`,
    [VENUE, modelId],
  );
  const model = loadOnnx(file);
  for (const row of rows) {
    const own = model.probabilityUp(FEATURE_NAMES.map((name) => row[name] ?? null));
    assert(
      Object.is(own, row['predicted']),
      `the stream predicted ${row['predicted']} where the file says ${own}`,
    );
  }
  return rows.length;
}

async function main(): Promise<ProofResult[]> {
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-notebook-'));
  const bed = await Bed.open({ TICKLOOM_RETRAIN_EVERY: '366d' });
  try {
    for (const stage of STAGES) await bed.keep(stage);
    await feed(bed, FROM, FROM + 11 * US_PER_DAY);
    const ask = { from: formatUs(FROM), to: formatUs(CUT), as_of: formatUs(CUT) };
    const set = join(dir, 'set');
    const manifest = await makeDataset(bed.context, ask, { out: set, entities: null });
    const output = execFileSync(pythonWith(PACKAGES), [SCRIPT, set, join(dir, 'models')]);
    console.log(output.toString());
    const found = await registered(bed, dir, manifest.dataset_id);
    const judged = found.filter(({ verdict }) => (verdict?.reasons.length ?? 0) > 0);
    const [onnx] = found.slice(1);
    assert(onnx !== undefined, 'a model in ONNX');
    const market = { venue: VENUE, symbol: SYMBOL, labelSpec: bed.config.labelSpec };
    const by = { actor: 'notebook', why: 'to see it serve', cause: 'notebook' };
    await changeModel(
      bed.context.postgres,
      { action: 'promote', modelId: onnx.modelId, force: true },
      market,
      by,
    );
    await bed.drain();
    const end = FROM + 11 * US_PER_DAY;
    await feed(bed, end, end + 3 * US_PER_HOUR);
    const file = readFileSync(join(dir, 'models', MODELS[1] ?? ''));
    const served = await servedAsSaved(bed, onnx.modelId, file);
    console.log(`${served} predictions of ${onnx.modelId} are those of its file`);
    return [
      proof(judged.length === MODELS.length, 'three models made in Python are judged by the gate'),
      proof(served > 100, 'a model in ONNX serves what its file says'),
    ];
  } finally {
    await bed.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

const proof = (held: boolean, fullName: string): ProofResult => ({
  status: held ? 'passed' : 'failed',
  fullName,
});

process.exitCode = report(await main(), values.report);
process.exit();
