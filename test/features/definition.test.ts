import { describe, expect, test } from 'vitest';
import { FEATURES, FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import { initialFeatureState, updateFeatures } from '../../src/features/features.ts';
import { parseUs } from '../../src/domain/time.ts';

describe('the default feature set', () => {
  test('has one name for each feature, fit for a column', () => {
    expect(new Set(FEATURE_NAMES).size).toBe(FEATURE_NAMES.length);
    expect(FEATURE_NAMES.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
  });

  test('describes each feature in one line', () => {
    const odd = FEATURES.filter(({ description }) => !/^[^\n]{10,90}$/.test(description));
    expect(odd.map(({ name }) => name)).toEqual([]);
  });

  // Stored rows carry this name. It may change only together with what the values mean.
  test('has the name of its definition', () => {
    expect(FEATURE_SET).toBe('default@064bd7bb');
  });
});

describe('time of day and week', () => {
  const at = (time: string): (number | null)[] =>
    updateFeatures(initialFeatureState(), [], parseUs(time)).slice(-4);

  test.each([
    ['1970-01-05T00:00:00Z', [0, 1, 0, 1]],
    ['1970-01-05T06:00:00Z', [1, 0, 0, 1]],
    ['1970-01-05T12:00:30Z', [0, -1, 0, 1]],
    ['2014-05-01T18:00:00Z', [-1, 0, Math.sin((6 * Math.PI) / 7), Math.cos((6 * Math.PI) / 7)]],
  ])('%s lies where the calendar says', (time, expected) => {
    at(time).forEach((value, i) => expect(value).toBeCloseTo(Number(expected[i]), 11));
  });
});
