/**
 * An ONNX model -> the probability of up for one row of features, by onnxruntime on one thread.
 *
 * The package's public `run` only puts the same call off to a later turn; the stream decides in the
 * turn in which it is called, so the binding is called as the package itself calls it. Some 50 us a
 * row.
 */
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onnxRuntimeDir } from '../../infra/local/onnxruntime.ts';
import { must } from '../assert.ts';
import { loadConfig, type Config } from '../config/config.ts';
import type { OnnxModel } from '../learning/serving-model.ts';

/** The runtime is not on this machine; `fetchOnnxRuntime` brings it. */
export class OnnxRuntimeMissing extends Error {
  override readonly name = 'OnnxRuntimeMissing';
}

interface Tensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

interface RawMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type: number;
  readonly shape: readonly number[];
}

interface RawSession {
  readonly inputMetadata: readonly RawMetadata[];
  readonly outputMetadata: readonly RawMetadata[];
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
  run(feeds: object, fetches: object, options: object): Record<string, Tensor>;
}

interface Runtime {
  readonly Session: new () => RawSession;
  readonly Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => Tensor;
}

const FLOAT = 1;
const DOUBLE = 11;
/** A row's numbers are laid out before the model is run. */
const COLUMNS_MAX = 100_000;
const ONE_THREAD = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' };

let loaded: Runtime | null = null;

function runtime(config: Pick<Config, 'artefactsDir'>): Runtime {
  if (loaded !== null) return loaded;
  const dir = onnxRuntimeDir(config);
  if (!existsSync(dir)) throw new OnnxRuntimeMissing(`the ONNX runtime is not at ${dir}`);
  const require = createRequire(join(dir, 'package.json'));
  const { binding, initOrt } = require('./dist/binding.js') as {
    binding: { InferenceSession: Runtime['Session'] };
    initOrt: () => void;
  };
  const { Tensor: Made } = require('onnxruntime-common') as { Tensor: Runtime['Tensor'] };
  initOrt();
  loaded = { Session: binding.InferenceSession, Tensor: Made };
  return loaded;
}

/**
 * Throws `OnnxRuntimeMissing`, or an error that says what the model has and what is understood: one
 * input of `[rows, features]` floats, and an output of probabilities, `[rows, 2]` with up second or
 * `[rows, 1]`.
 */
export function loadOnnx(
  model: Uint8Array,
  config: Pick<Config, 'artefactsDir'> = loadConfig(),
): OnnxModel {
  const { Session, Tensor: Made } = runtime(config);
  const session = new Session();
  session.loadModel(model.buffer, model.byteOffset, model.byteLength, ONE_THREAD);
  const input = findInput(session.inputMetadata);
  const output = findOutput(session.outputMetadata);
  const row = new Float32Array(input.columns);
  const feeds = { [input.name]: new Made('float32', row, [1, input.columns]) };
  const fetches = { [output]: null };
  return {
    columns: input.columns,
    probabilityUp: (values) => {
      for (let i = 0; i < row.length; i++) row[i] = values[i] ?? NaN;
      const { data } = must(session.run(feeds, fetches, {})[output]);
      return data[data.length - 1] ?? NaN;
    },
  };
}

function findInput(inputs: readonly RawMetadata[]): { name: string; columns: number } {
  const [only] = inputs;
  const columns = only?.shape[1] ?? 0;
  if (
    inputs.length === 1 &&
    only?.type === FLOAT &&
    only.shape.length === 2 &&
    columns > 0 &&
    columns <= COLUMNS_MAX
  ) {
    return { name: only.name, columns };
  }
  throw new Error(
    `an ONNX model with the inputs ${described(inputs)}: one of [rows, features] floats is needed`,
  );
}

/** By its name, else the last of floats, which is where converters put it. */
function findOutput(outputs: readonly RawMetadata[]): string {
  const floats = outputs.filter(
    ({ isTensor, type, shape }) =>
      isTensor && (type === FLOAT || type === DOUBLE) && (shape[1] ?? 1) <= 2,
  );
  const found = floats.find(({ name }) => name.startsWith('probabilit')) ?? floats.at(-1);
  if (found !== undefined) return found.name;
  throw new Error(
    `an ONNX model with the outputs ${described(outputs)}: one of [rows, 2] or [rows, 1] ` +
      'probabilities is needed (skl2onnx: options={"zipmap": False})',
  );
}

const described = (list: readonly RawMetadata[]): string =>
  list
    .map(
      ({ name, isTensor, shape }) => `${name} ${isTensor ? `[${shape.join(', ')}]` : 'no tensor'}`,
    )
    .join('; ') || 'none';
