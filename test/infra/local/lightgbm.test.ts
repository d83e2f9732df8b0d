import { expect, test } from 'vitest';
import { explainLoadFailure, lightgbmLibrary } from '../../../infra/local/lightgbm.ts';
import { loadConfig } from '../../../src/config/config.ts';

test('a missing libgomp is named by the package that brings it', () => {
  const output =
    'Error: Failed to load shared library: libgomp.so.1: cannot open shared object file: ' +
    'No such file or directory';
  expect(explainLoadFailure(output)).toContain('apt-get install libgomp1');
});

test('a missing libomp is named by its package', () => {
  const output = 'Error: dlopen(lib_lightgbm.dylib): Library not loaded: @rpath/libomp.dylib';
  expect(explainLoadFailure(output)).toContain('brew install libomp');
});

test('any other failure is shown as the loader told it', () => {
  const output =
    'node:internal\n  throw x\nError: Failed to load shared library: invalid ELF header\n at';
  expect(explainLoadFailure(output)).toContain('invalid ELF header');
});

test('a library that was never fetched is a reason and no failure', async () => {
  const config = loadConfig({ TICKLOOM_DATA_DIR: '/nonexistent/tickloom' });
  const library = await lightgbmLibrary(config);
  expect(library.path).toBe(null);
  expect(library.reason).toContain('not fetched yet');
});
