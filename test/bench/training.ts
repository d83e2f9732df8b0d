/**
 * What a training costs beside Python's LightGBM of the bundled version: the same matrix, labels,
 * weights and parameters, one thread, CPU seconds from the matrix to the model's text.
 *
 *   node --import tsx test/bench/training.ts [--rows 160000] [--columns 40] [--rounds 200]
 *
 * Before a number is printed both models' predictions are compared, row for row.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LIGHTGBM_VERSION } from '../../src/models/lightgbm.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import { testLightgbm } from '../support/lightgbm.ts';
import { pythonWith } from '../support/python.ts';
import { median } from './measure.ts';

const PACKAGES = [`lightgbm==${LIGHTGBM_VERSION}`, 'numpy<2', 'scipy<1.14'];
const SCRIPT = join(import.meta.dirname, 'training.py');
const SEED = 7;
const GOAL = 1.3;
/** What our trainer fixes by itself. */
const FIXED = {
  ...{ num_threads: 1, deterministic: true, force_row_wise: true, verbosity: -1, seed: SEED },
};
const PARAMS = {
  ...{ objective: 'binary', num_leaves: 31, learning_rate: 0.05, min_data_in_leaf: 100 },
  ...{ feature_fraction: 0.8, bagging_fraction: 0.8, bagging_freq: 1, max_bin: 255 },
};

const { values: given } = parseArgs({
  options: {
    rows: { type: 'string', default: '160000' },
    columns: { type: 'string', default: '40' },
    rounds: { type: 'string', default: '200' },
    repeats: { type: 'string', default: '3' },
  },
});
const [rows, columns] = [Number(given.rows), Number(given.columns)];
const [rounds, repeats] = [Number(given.rounds), Number(given.repeats)];

/** Features with gaps, and an outcome that some of them and an interaction tell a little of. */
function drawn(): { values: Float64Array; labels: Float32Array; weights: Float32Array } {
  const random = seededRandom(SEED);
  const values = new Float64Array(rows * columns);
  const labels = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    for (let c = 0; c < columns; c++) values[at + c] = gaussian(random);
    const score = 0.3 * values[at]! + 0.3 * values[at + 1]! * values[at + 2]!;
    labels[row] = random() < 1 / (1 + Math.exp(-score)) ? 1 : 0;
    if (random() < 0.1) values[at + (row % columns)] = NaN;
  }
  const weights = Float32Array.from({ length: rows }, (_, row) => 2 ** (row / rows - 1));
  return { values, labels, weights };
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const names = Array.from({ length: columns }, (_, i) => `feature_${i}`);
const { values, labels, weights } = drawn();
const matrix = { rows, columns, values };
const lightgbm = testLightgbm();

function ours(): { seconds: number[]; text: string } {
  const seconds: number[] = [];
  let text = '';
  for (let i = 0; i < repeats; i++) {
    const start = cpuSeconds();
    const data = { matrix, labels, weights, featureNames: names };
    text = lightgbm.train({ ...data, params: PARAMS, rounds, seed: SEED });
    seconds.push(cpuSeconds() - start);
  }
  return { seconds, text };
}

interface Theirs {
  readonly version: string;
  readonly seconds: number[];
  readonly predicted: Float64Array;
}

function theirs(): Theirs {
  const folder = mkdtempSync(join(tmpdir(), 'tickloom-training-'));
  try {
    const request = { rows, columns, rounds, repeats, names, params: { ...PARAMS, ...FIXED } };
    writeFileSync(join(folder, 'request.json'), JSON.stringify(request));
    writeFileSync(join(folder, 'values.f64'), new Uint8Array(values.buffer));
    writeFileSync(join(folder, 'labels.f32'), new Uint8Array(labels.buffer));
    writeFileSync(join(folder, 'weights.f32'), new Uint8Array(weights.buffer));
    const { status, stdout, stderr } = spawnSync(pythonWith(PACKAGES), [SCRIPT, folder]);
    if (status !== 0) throw new Error(`Python's LightGBM has failed: ${stderr.toString()}`);
    const answer = JSON.parse(stdout.toString()) as Omit<Theirs, 'predicted'>;
    const bytes = readFileSync(join(folder, 'predicted.f64'));
    const predicted = new Float64Array(bytes.buffer.slice(bytes.byteOffset), 0, rows);
    return { ...answer, predicted };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const own = ours();
const peer = theirs();
const predicted = lightgbm.predict(own.text, matrix);
const apart = predicted.reduce((most, p, i) => Math.max(most, Math.abs(p - peer.predicted[i]!)), 0);
if (!(apart === 0)) throw new Error(`the predictions differ by up to ${apart}: nothing to compare`);
const ratio = median(own.seconds) / median(peer.seconds);
const show = (seconds: readonly number[]): string => seconds.map((s) => s.toFixed(2)).join(', ');
console.log(`${rows} x ${columns}, ${rounds} rounds of 31 leaves, one thread, predictions equal`);
console.log(`ours: LightGBM ${lightgbm.version}, CPU ${show(own.seconds)} s`);
console.log(`Python's: LightGBM ${peer.version}, CPU ${show(peer.seconds)} s`);
const met = ratio <= GOAL ? 'met' : 'MISSED';
console.log(`CPU of ours by theirs ${ratio.toFixed(2)}, goal at most ${GOAL}: ${met}`);
