import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clearDataDir, diskProblem, openDataDir } from '../../../infra/local/data-dir.ts';
import { StackError } from '../../../infra/local/stack-error.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tickloom-data-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

describe('a data directory', () => {
  test('is made and marked, also where nothing is', () => {
    const fresh = join(dir, 'a', 'b');
    openDataDir(fresh);
    openDataDir(fresh);
    expect(existsSync(join(fresh, '.tickloom-data'))).toBe(true);
    expect(existsSync(join(fresh, 'logs'))).toBe(true);
  });

  test('with a server directory of somebody else is refused untouched', () => {
    mkdirSync(join(dir, 'postgres'));
    expect(() => openDataDir(dir)).toThrow(StackError);
    expect(() => openDataDir(dir)).toThrow(/was not made by tickloom.*TICKLOOM_DATA_DIR/s);
    expect(existsSync(join(dir, '.tickloom-data'))).toBe(false);
  });

  test('that is a file is refused by name', () => {
    const path = join(dir, 'file');
    writeFileSync(path, '');
    expect(() => openDataDir(path)).toThrow(/TICKLOOM_DATA_DIR/);
  });

  test('lets nobody else in, nor did one from before; of root it lets through', () => {
    chmodSync(dir, 0o755);
    for (const name of ['logs', 'exports', 'run']) mkdirSync(join(dir, name), { mode: 0o755 });
    const files = ['http-token', 'control.key', 'credentials.json', 'logs/sink.log'];
    for (const name of files) writeFileSync(join(dir, name), 'x', { mode: 0o644 });
    openDataDir(dir);
    const readMode = (name: string): number => statSync(join(dir, name)).mode & 0o777;
    expect(readMode('')).toBe(process.getuid?.() === 0 ? 0o711 : 0o700);
    expect(['logs', 'exports', 'run'].map(readMode)).toEqual([0o700, 0o700, 0o700]);
    expect([...files, '.tickloom-data'].map(readMode)).toEqual(Array(5).fill(0o600));
  });

  test('that is the home of something else keeps its own way in, and what is not ours', () => {
    chmodSync(dir, 0o755);
    writeFileSync(join(dir, 'letter'), 'x', { mode: 0o644 });
    openDataDir(dir);
    openDataDir(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o755);
    expect(statSync(join(dir, 'letter')).mode & 0o777).toBe(0o644);
    expect(statSync(join(dir, 'logs')).mode & 0o777).toBe(0o700);
  });
});

describe('clearing', () => {
  test("deletes the servers' data and keeps everything else", () => {
    openDataDir(dir);
    for (const name of ['kafka', 'questdb', 'postgres', 'redis', 'artefacts', 'exports']) {
      mkdirSync(join(dir, name), { recursive: true });
      writeFileSync(join(dir, name, 'file'), 'x');
    }
    clearDataDir(dir);
    const kept = ['kafka', 'questdb', 'postgres', 'redis', 'logs', 'run', 'artefacts', 'exports'];
    expect(kept.filter((name) => existsSync(join(dir, name)))).toEqual(['artefacts', 'exports']);
  });

  test('refuses a directory without our mark', () => {
    mkdirSync(join(dir, 'kafka'));
    expect(() => clearDataDir(dir)).toThrow(/nothing was deleted/);
    expect(existsSync(join(dir, 'kafka'))).toBe(true);
  });

  test('of nothing does nothing', () => {
    clearDataDir(join(dir, 'absent'));
    clearDataDir(dir);
    expect(existsSync(join(dir, 'absent'))).toBe(false);
  });
});

test('a full disk is reported with what is free, what is needed and what to set', () => {
  expect(diskProblem('/data', 2e9)).toBe(null);
  expect(diskProblem('/data', 3e8)).toMatch(/0\.3 GB are free.*\/data.*1\.1 GB.*TICKLOOM_DATA_DIR/);
});
