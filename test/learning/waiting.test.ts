import { expect, test } from 'vitest';
import type { KnownModel, ModelState, Registry } from '../../src/learning/model-change.ts';
import { waitsBecause } from '../../src/learning/waiting.ts';

const model = (modelId: string, state: ModelState, more: Partial<KnownModel> = {}): KnownModel => ({
  ...{ modelId, state, sha256: '', passed: true, failed: [], replaced: null, changedBy: null },
  expiresTs: null,
  ...more,
});

/** By id, newest first. */
const reasonsById = (
  models: KnownModel[],
  atTs: number | null = 1_000,
): Record<string, string | null> => {
  const registry: Registry = {
    market: { venue: 'v', symbol: 's', labelSpec: 'direction_1h@1' },
    models,
    atTs,
  };
  return Object.fromEntries(models.map((of) => [of.modelId, waitsBecause(registry, of)]));
};

test('candidates behind three shadows say who holds the places, and how many come first', () => {
  const gone = model('gone', 'candidate', { expiresTs: 999 });
  const unjudged = model('unjudged', 'candidate', { passed: null });
  const queue = [gone, unjudged, model('c', 'candidate'), model('b', 'candidate')];
  const holds =
    'it passed the gate and waits for one of the 3 places of shadows, which now, before, also hold ' +
    'until one wins, has lost or has had its time: ';
  const shadows = ['now', 'before', 'also'].map((id) => model(id, 'shadow'));
  expect(reasonsById([...queue, model('a', 'candidate'), ...shadows])).toEqual({
    gone: 'it passed the gate, and expired at 1970-01-01T00:00:00.000999Z before it had its turn',
    unjudged:
      'it waits for outcomes behind the as-of barrier of its data set, to be judged by: none are graded yet',
    c: `${holds}it is next`,
    b: `${holds}1 newer one comes before it`,
    a: `${holds}2 newer ones come before it`,
    ...{ now: null, before: null, also: null },
  });
});

test('where a place is free the next review decides; without a time nothing has expired', () => {
  const models = [model('b', 'candidate', { expiresTs: 999 }), model('a', 'candidate')];
  const shadows = [model('now', 'shadow'), model('before', 'shadow')];
  expect(reasonsById([...models, ...shadows], null)).toEqual({
    ...{ now: null, before: null },
    b: 'it passed the gate and waits for the next review: it is next',
    a: 'it passed the gate and waits for the next review: 1 newer one comes before it',
  });
});

test('a model that was imported says what it lacks to be judged', () => {
  const failed = ['300 rows, at least 500 needed', 'p is 0.5'];
  expect(reasonsById([model('b', 'candidate', { passed: false, failed })])).toEqual({
    b:
      'it waits for outcomes behind the as-of barrier of its data set, to be judged by: ' +
      '300 rows, at least 500 needed; p is 0.5',
  });
});

test('only candidates wait', () => {
  const states = ['shadow', 'champion', 'retired', 'rejected'] as const;
  const all = reasonsById(states.map((state) => model(state, state)));
  expect(Object.values(all)).toEqual([null, null, null, null]);
});
