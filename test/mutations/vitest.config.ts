/** Tests of a copy of the project, one file or a few, against servers that are running already. */
import { defineConfig } from 'vitest/config';

const ON_SERVERS = 'test/**/*.{int,web,long}.test.ts';

export default defineConfig({
  // The packages are linked: nothing may be written beside them.
  cacheDir: '.vitest',
  test: {
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { include: ['test/**/*.test.ts'], exclude: [ON_SERVERS] } },
      {
        extends: true,
        test: { include: [ON_SERVERS], setupFiles: ['test/support/isolation.ts'] },
      },
    ],
  },
});
