import { defineConfig } from 'vitest/config';
import { IntegrationOrder } from './test/support/integration-order.ts';

/**
 * `unit` needs nothing; `integration` runs against the real servers, which are started once. Their
 * files run one after the other, by path: they share two cores with Kafka, QuestDB and PostgreSQL.
 * `long` is the same for what takes minutes or packages of Python, as a deep proof.
 */
const onServers = {
  globalSetup: ['test/support/global-stack.ts'],
  fileParallelism: false,
  testTimeout: 180_000,
  hookTimeout: 180_000,
};

export default defineConfig({
  test: {
    sequence: { sequencer: IntegrationOrder },
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
