import { defineConfig } from 'vitest/config';
import { DrawnOrder } from './test/support/drawn-order.ts';

/**
 * `unit` needs nothing; `integration` runs against the real servers, which are started once. Each
 * file has surroundings of its own there. They run one after the other, in any order: they share
 * two cores with Kafka, QuestDB and PostgreSQL, and QuestDB's tables.
 * `long` is the same for what takes minutes or packages of Python, as a deep proof.
 */
const onServers = {
  globalSetup: ['test/support/global-stack.ts'],
  setupFiles: ['test/support/isolation.ts'],
  fileParallelism: false,
  testTimeout: 180_000,
  hookTimeout: 180_000,
};

export default defineConfig({
  test: {
    sequence: { sequencer: DrawnOrder },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{int,web,long}.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/**/*.int.test.ts', 'test/**/*.web.test.ts'],
          ...onServers,
        },
      },
      { test: { name: 'long', include: ['test/**/*.long.test.ts'], ...onServers } },
    ],
  },
});
