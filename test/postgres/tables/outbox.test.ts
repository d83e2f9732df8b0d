import type { Pool } from 'pg';
import { describe, expect, test } from 'vitest';
import { US_PER_HOUR } from '../../../src/domain/time.ts';
import { paperBot } from '../../../src/app/seed.ts';
import { isSealed, sealControl, signControl } from '../../../src/stream/control-key.ts';
import { appendControl } from '../../../src/postgres/tables/outbox.ts';

test('settings of a bot that contradict themselves are refused before anything is written', async () => {
  const unqueried = { query: () => Promise.reject(new Error('asked')) } as unknown as Pool;
  const of = { labelSpec: 'direction_1h@1', horizonUs: US_PER_HOUR, orderLatencyUs: 250_000 };
  const append = (more: object): Promise<boolean> =>
    appendControl(unqueried, {
      ...{ controlId: 'c', type: 'bot', subject: 'paper', cause: 'a test' },
      body: { ...paperBot(of), ...more },
    });
  await expect(append({ young_s: 60, young_min_confidence: 0.5 })).rejects.toThrow(
    'settings of bot "paper": young_min_confidence is 0.5; give at least min_confidence, which is 0.55',
  );
  await expect(append({ young_s: 60, young_min_confidence: 0.6 })).rejects.toThrow(
    'opened without a key',
  );
});

describe('the seal of a control record', () => {
  const key = 'k'.repeat(64);
  const control = { controlId: 'c', type: 'halt', subject: 's', body: { b: 1, a: [0.1] } } as const;

  test('holds for the same record as PostgreSQL gives it back, whatever the order of its keys', () => {
    const stored = { ...control, body: { a: [0.1], b: 1 } };
    expect(isSealed(key, stored, sealControl(key, control))).toBe(true);
  });

  test.each([
    ['another id', { controlId: 'd' }],
    ['another type', { type: 'cut' }],
    ['another subject', { subject: 't' }],
    ['another body', { body: { b: 2, a: [0.1] } }],
  ] as const)('does not hold for %s', (_, change) => {
    expect(isSealed(key, { ...control, ...change }, sealControl(key, control))).toBe(false);
  });

  test('is not had without the key, nor from a signature', () => {
    expect(isSealed(key, control, sealControl('other', control))).toBe(false);
    const { controlId: control_id, type, subject, body } = control;
    const signed = signControl(key, {
      kind: 'control',
      control_id,
      version: 1,
      type,
      subject,
      body,
    });
    for (const seal of [signed.hmac, '', null, 'é'.repeat(64)]) {
      expect(isSealed(key, control, seal)).toBe(false);
    }
  });
});
