import type { Pool } from 'pg';
import { expect, test } from 'vitest';
import { US_PER_HOUR } from '../../../src/domain/time.ts';
import { paperBot } from '../../../src/processes/seed.ts';
import { appendControl } from '../../../src/tables/postgres/outbox.ts';

test('settings of a bot that contradict themselves are refused before anything is written', async () => {
  const unasked = { query: () => Promise.reject(new Error('asked')) } as unknown as Pool;
  const of = { labelSpec: 'direction_1h@1', horizonUs: US_PER_HOUR, orderLatencyUs: 250_000 };
  const append = (more: object): Promise<boolean> =>
    appendControl(unasked, {
      ...{ controlId: 'c', type: 'bot', subject: 'paper', cause: 'a test' },
      body: { ...paperBot(of), ...more },
    });
  await expect(append({ young_s: 60, young_min_confidence: 0.5 })).rejects.toThrow(
    'settings of bot "paper": young_min_confidence is 0.5; give at least min_confidence, which is 0.55',
  );
  await expect(append({ young_s: 60, young_min_confidence: 0.6 })).rejects.toThrow('asked');
});
