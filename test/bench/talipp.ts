/**
 * talipp in a Python process of its own, from an environment that is made here the first time,
 * under the data directory. Candles are handed over before anything is timed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { must } from '../../src/assert.ts';
import type { ClosedCandle, Timeframe } from '../../src/domain/candle.ts';

const VERSION = '2.7.0';
const SCRIPT = join(import.meta.dirname, 'talipp-features.py');

export interface Talipp {
  /** Computes the instants from `first` to before `end`. */
  run(first: number, end: number): Promise<{ ns: number; newest: Record<Timeframe, number[]> }>;
  stop(): void;
}

/** Throws an error that says what this machine lacks. */
export function startTalipp(instants: readonly (readonly ClosedCandle[])[]): Talipp {
  const child = spawn(python(), [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const send = (value: unknown): boolean => child.stdin.write(`${JSON.stringify(value)}\n`);
  send(instants.map((closes) => closes.map(numbersOf)));
  return {
    async run(first, end) {
      send([first, end]);
      const { value } = await answers.next();
      return JSON.parse(must(value, 'an answer of talipp')) as Awaited<ReturnType<Talipp['run']>>;
    },
    stop: () => child.stdin.end(),
  };
}

const numbersOf = ({ timeframe, open, high, low, close, volume }: ClosedCandle): unknown[] => [
  timeframe,
  open,
  high,
  low,
  close,
  volume,
];

/** The environment's interpreter. */
function python(): string {
  const folder = join(process.env['TICKLOOM_DATA_DIR'] ?? '.tickloom', `talipp-${VERSION}`);
  const isWindows = process.platform === 'win32';
  const bin = join(folder, isWindows ? 'Scripts' : 'bin', isWindows ? 'python.exe' : 'python');
  if (existsSync(bin)) return bin;
  try {
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    execFileSync(bin, [...pip, `talipp==${VERSION}`], { stdio: 'pipe' });
    return bin;
  } catch (error) {
    // Half an environment would be taken for a whole one the next time.
    rmSync(folder, { recursive: true, force: true });
    const { stderr } = error as { stderr?: Buffer };
    const said = stderr?.toString().trim().split('\n').at(-1);
    throw new Error(`python3 with venv and pip is needed: ${said ?? String(error)}`, {
      cause: error,
    });
  }
}
