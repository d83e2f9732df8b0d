/** A model in ONNX from outside -> refused in words, or tried once and safe to be opened here. */
import { programFile } from '../code-files.ts';
import { type Config } from '../config/config.ts';
import type { Answer } from '../files/bounded-child.ts';
import { BoundsError, runBounded } from '../files/bounded.ts';
import type { Probed } from './onnx-probe.ts';

const PROBE = programFile('src/models/onnx-probe');
const TIME_MS = 120_000;
const MEMORY_MB = 1_024;
/** The stream waits for each row, for every instrument. */
const ROW_MS_MAX = 20;

type Rows = readonly (readonly (number | null)[])[];

export interface ProbeBounds {
  readonly timeMs?: number;
  readonly memoryMb?: number;
}

/**
 * Opens it in a child process of bounded time and memory and runs it on every row. Throws an error
 * that says what it has, or which bound it broke, and what to do.
 */
export async function probeOnnx(
  model: Uint8Array,
  { rows, columns }: { readonly rows: Rows; readonly columns: number },
  { artefactsDir }: Pick<Config, 'artefactsDir'>,
  { timeMs = TIME_MS, memoryMb = MEMORY_MB }: ProbeBounds = {},
): Promise<void> {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(rows.length, 0);
  head.writeUInt32LE(columns, 4);
  const values = new Float64Array(rows.length * columns);
  rows.forEach((row, r) => {
    for (let at = 0; at < columns; at++) values[r * columns + at] = row[at] ?? NaN;
  });
  const input = [head, new Uint8Array(values.buffer), model];
  const { msPerRow } = await runProbe({
    script: PROBE,
    args: [artefactsDir],
    input,
    timeMs,
    memoryMb,
  });
  if (msPerRow <= ROW_MS_MAX) return;
  throw new Error(
    `the model takes ${msPerRow.toFixed(1)} ms a row, and the stream waits for each: up to ` +
      `${ROW_MS_MAX} ms are taken. Train a smaller one`,
  );
}

async function runProbe(task: Parameters<typeof runBounded>[0]): Promise<Probed> {
  const text = await runBounded(task).catch((error: unknown) => {
    if (!(error instanceof BoundsError)) throw error;
    throw new BoundsError(
      `the model cannot be tried on the rows of its data set: ${error.message}. Train a smaller ` +
        'one, or save it as trees or a plain network',
      { cause: error },
    );
  });
  const answer = JSON.parse(text.toString('utf8')) as Answer;
  if ('error' in answer) throw new Error(answer.error);
  return answer.ok as Probed;
}
