/** What Redis says, and what that means for queues. */
import { describe, expect, test } from 'vitest';
import { errorFinding, memoryFinding, redisFinding } from '../../src/queue/redis-health.ts';

const info = (used: number, most: number, policy: string): string =>
  `# Memory\r\nused_memory:${used}\r\nmaxmemory:${most}\r\nmaxmemory_policy:${policy}\r\n`;

describe('Redis', () => {
  test.each([
    ['OOM command not allowed when used memory', 'full'],
    ["READONLY You can't write against a read only replica", 'read-only'],
    ['MISCONF Redis is configured to save RDB snapshots', 'read-only'],
    ['connect ECONNREFUSED 127.0.0.1:1', 'away'],
    ['Command timed out', 'away'],
  ])('that says "%s" is %s', (message, kind) => {
    expect(errorFinding(new Error(message)).kind).toBe(kind);
  });

  test('is to forget nothing and to have room', () => {
    expect(memoryFinding(info(10, 0, 'allkeys-lru'))).toBeNull();
    expect(memoryFinding(info(10, 100, 'noeviction'))).toBeNull();
    expect(memoryFinding(info(10, 100, 'allkeys-lru'))?.kind).toBe('evicting');
    expect(memoryFinding(info(96, 100, 'noeviction'))?.kind).toBe('full');
    expect(memoryFinding('')).toBeNull();
  });

  test('that does not listen is found within two seconds', async () => {
    const startMs = performance.now();
    expect((await redisFinding({ redisUrl: 'redis://127.0.0.1:9', tlsCa: null }))?.kind).toBe(
      'away',
    );
    expect(performance.now() - startMs).toBeLessThan(2_500);
  });
});
