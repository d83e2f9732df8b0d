/**
 * The child that opens a model in ONNX from outside and runs it on all rows of its data set, before
 * any process that has other work to do.
 *
 * Input: rows and columns as two 32-bit numbers, the rows as doubles, then the model.
 */
import { monotonicMs } from '../clock.ts';
import { checkOnnx } from '../learning/onnx-check.ts';
import type { OnnxModel } from '../learning/serving-model.ts';
import { answerWithin } from '../files/bounded-child.ts';
import { loadOnnx } from './onnx.ts';

/** Milliseconds that a row takes, 0 without rows. */
export interface Probed {
  readonly msPerRow: number;
}

const readRow = (input: Buffer, row: number, columns: number): number[] =>
  Array.from({ length: columns }, (_, at) => input.readDoubleLE(8 + 8 * (row * columns + at)));

function runRow(model: OnnxModel, values: readonly number[]): void {
  try {
    model.probabilityUp(values);
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n');
    throw new Error(`the model has no answer to a row of its data set: ${line.slice(-300)}`, {
      cause: error,
    });
  }
}

await answerWithin(async (input, [artefactsDir = '']): Promise<Probed> => {
  const [rows, columns] = [input.readUInt32LE(0), input.readUInt32LE(4)];
  const end = 8 + 8 * rows * columns;
  const model = input.subarray(end);
  checkOnnx(model, columns);
  const opened = loadOnnx(model, { artefactsDir });
  // Other columns than a row has: the caller says so in its own words.
  if (opened.columns !== columns) return { msPerRow: 0 };
  const startMs = monotonicMs();
  for (let row = 0; row < rows; row++) runRow(opened, readRow(input, row, columns));
  return { msPerRow: rows === 0 ? 0 : (monotonicMs() - startMs) / rows };
});
