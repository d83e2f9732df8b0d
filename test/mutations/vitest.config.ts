/** Tests of a copy of the project, one file or a few, against servers that are running already. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The packages are linked: nothing may be written beside them.
  cacheDir: '.vitest',
  test: {
    include: ['test/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
