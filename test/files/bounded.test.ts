/** Work on a file from outside ends in time and in memory, whatever it does. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runBounded } from '../../src/files/bounded.ts';
import { readOutsideFile } from '../../src/files/outside-file.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';

let dir: string;
let tasks = 0;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tickloom-bounded-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const CHILD = join(PROJECT_DIR, 'src', 'files', 'bounded-child.ts');

function run(work: string, bounds = { timeMs: 60_000, memoryMb: 400 }): Promise<unknown> {
  const script = join(dir, `task-${tasks++}.mts`);
  writeFileSync(
    script,
    `import { answerWithin } from ${JSON.stringify(CHILD)};
     await answerWithin(async (input: Buffer, args: readonly string[]) => { ${work} });`,
  );
  const task = { script, args: ['one', 'two'], input: [Buffer.from('ab'), Buffer.from('c')] };
  return runBounded({ ...task, ...bounds }).then((text) => JSON.parse(text.toString()) as unknown);
}

describe.concurrent('a bounded task', () => {
  test('answers by what it was given, without a setting or a password', async () => {
    process.env['TICKLOOM_TEST_CANARY'] = 'secret';
    const running = run('return [input.toString(), ...args, ...Object.keys(process.env)];');
    delete process.env['TICKLOOM_TEST_CANARY'];
    const { ok } = (await running) as { ok: string[] };
    expect(ok.slice(0, 3)).toEqual(['abc', 'one', 'two']);
    expect(ok.filter((name) => /TICKLOOM|PASSWORD|URL/.test(name))).toEqual([]);
  });

  test('answers by its error too', async () => {
    const error = await run(`throw new RangeError('no such thing');`);
    expect(error).toEqual({ error: 'no such thing', name: 'RangeError' });
  });

  test('without an end is ended, even where it holds its thread', async () => {
    const startMs = performance.now();
    await expect(run('for (;;);', { timeMs: 3_000, memoryMb: 400 })).rejects.toThrow(
      'it takes more than 3 s',
    );
    expect(performance.now() - startMs).toBeLessThan(20_000);
  });

  test.each([
    [
      'outside of the heap',
      'return Array.from({ length: 60 }, () => Buffer.alloc(1 << 24, 1)).length;',
    ],
    ['of the heap', 'const all = []; for (;;) all.push({ at: all.length });'],
  ])('that fills the memory is ended: %s', async (_, work) => {
    await expect(run(work)).rejects.toThrow('it takes more than 400 MB of memory');
  });

  test('that crashes says how', async () => {
    await expect(run(`process.kill(process.pid, 'SIGSEGV'); for (;;);`)).rejects.toThrow(
      'reading it ended by SIGSEGV',
    );
  });
});

describe('a file from outside', () => {
  test('is read whole', async () => {
    const path = join(dir, 'model.txt');
    writeFileSync(path, 'tree');
    expect(Buffer.from(await readOutsideFile(path, 4)).toString()).toBe('tree');
    await expect(readOutsideFile(path, 3)).rejects.toThrow('has 4 bytes; up to 3 are taken');
  });

  test.each(['/dev/zero', tmpdir()])('that is none is refused: %s', async (path) => {
    await expect(readOutsideFile(path, 100)).rejects.toThrow('is no file');
  });
});
