/** Small pieces of the API: cursors, settings, outcomes and scores. */
import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { Fill } from '../../src/domain/records/fill.ts';
import { StoredLabel, VOID_REASONS } from '../../src/domain/records/label.ts';
import { QUALITY_KINDS, QualityEvent } from '../../src/domain/records/quality-event.ts';
import * as c from '../../src/http/columns.ts';
import { decodeCursor, encodeCursor } from '../../src/http/cursor.ts';
import { withComponents } from '../../src/http/openapi.ts';
import { Problem } from '../../src/http/problem.ts';
import { configured } from '../../src/http/routes/settings.ts';
import { keyBehind } from '../../src/http/tables/questdb-list.ts';
import { gradeOutcome, scorePredictions, type Graded } from '../../src/http/tables/predictions.ts';
import { money, priceDigits } from '../../src/web/format.ts';

test('a cursor comes back as it was, and a forged one is refused', () => {
  const parts = [1_399_665_600_000_001, 'EUR/USD', null];
  expect(decodeCursor(encodeCursor(parts), 3)).toEqual(parts);
  for (const text of ['', 'abc', encodeCursor([1]), encodeCursor([1.5, 'a', null])]) {
    expect(() => decodeCursor(text, 3)).toThrow(Problem);
  }
});

test('the key behind a page counts the rows of its last moment, over pages too', () => {
  const rows = [3, 2, 2].map((ts) => ({ ts }));
  expect(keyBehind(rows, null)).toEqual({ tsUs: 2, skip: 2 });
  expect(keyBehind([{ ts: 2 }], { tsUs: 2, skip: 2 })).toEqual({ tsUs: 2, skip: 3 });
  expect(keyBehind([], null)).toBeNull();
});

test('settings never show a secret or a password', () => {
  const config = loadConfig(
    {},
    {
      TICKLOOM_CONTROL_KEY: 'k'.repeat(40),
      TICKLOOM_POSTGRES_URL: 'postgres://me:hidden@127.0.0.1:15432/tickloom',
    },
  );
  const text = JSON.stringify(configured(config));
  expect(text).not.toContain('kkkk');
  expect(text).not.toContain('hidden');
  expect(text).toContain('postgres://me:***@127.0.0.1:15432/tickloom');
});

test('an outcome follows the label, and one half points no way', () => {
  expect(gradeOutcome(0.7, null)).toBe('pending');
  expect(gradeOutcome(0.7, { state: 'void', up: null })).toBe('void');
  expect(gradeOutcome(0.7, { state: 'matured', up: 1 })).toBe('right');
  expect(gradeOutcome(0.3, { state: 'matured', up: 1 })).toBe('wrong');
  expect(gradeOutcome(0.3, { state: 'matured', up: 0 })).toBe('right');
  expect(gradeOutcome(0.5, { state: 'matured', up: 0 })).toBe('undecided');
});

test('a score is by hand: (0.2² + 0.6² + 0.5²) / 3', () => {
  const one = (probability: number, up: 0 | 1 | null): Graded => {
    const state = up === null ? 'void' : 'matured';
    const label = { ts: 0, state, up, forward_return: null, void_reason: null } as const;
    return {
      row: { probability_up: probability },
      label,
      outcome: gradeOutcome(probability, label),
    };
  };
  const score = scorePredictions([one(0.8, 1), one(0.6, 0), one(0.5, 1), one(0.9, null)]);
  expect(score).toMatchObject({ matured: 3, right: 1, wrong: 1, hit_rate: 0.5 });
  expect(score.brier).toBeCloseTo((0.04 + 0.36 + 0.25) / 3, 12);
  expect(score.base_brier).toBeCloseTo(2 / 9, 12);
  expect(scorePredictions([])).toMatchObject({ hit_rate: null, brier: null, base_brier: null });
});

test('the page shows small sums and prices with the digits that matter', () => {
  expect(money('-1.5', 2, true)).toBe('−1.50');
  expect(money('0.00012', 2, true)).toBe('+0.000120');
  expect([1.38727, 61_737.63, 150.2].map(priceDigits)).toEqual([5, 2, 3]);
});

describe('a record as the API shows it', () => {
  const { ts, price } = c.shown(Fill);
  const { known_at: knownAt, venue, kind } = c.shown(QualityEvent);
  const { void_reason: why } = c.shown(StoredLabel);

  test('has times as text, money as decimals and the words that a field takes', () => {
    expect(ts).toMatchObject({ type: 'string', format: 'date-time' });
    expect(price).toEqual(c.decimal('The price, in the quote currency.'));
    expect(kind).toEqual(c.oneOf(QUALITY_KINDS, 'What happened.'));
    const item = { ts: 0, known_at: 1_000_000, kind: 'late' };
    expect(c.toItem(Type.Object({ ts, known_at: knownAt }), item)).toEqual({
      ts: '1970-01-01T00:00:00.000000Z',
      known_at: '1970-01-01T00:00:01.000000Z',
    });
  });

  test('says of what may be missing what it is where it is there', () => {
    expect(venue.anyOf[0]).toEqual({
      type: 'string',
      description: 'The venue; null where a malformed record does not have it.',
    });
    expect(why).toEqual(c.maybe(c.oneOf(VOID_REASONS, 'Why it is void.')));
  });
});

test('a schema with a title stands once in the document, and two of one name are a bug', () => {
  const leaf = { title: 'Leaf', type: 'object', properties: { size: { type: 'number' } } };
  const tree = { title: 'Tree', type: 'object', properties: { leaf, fallen: leaf } };
  const document = { info: { title: 'api' }, paths: { a: tree, b: leaf }, components: { x: 1 } };
  const ref = { $ref: '#/components/schemas/Leaf' };
  expect(withComponents(document)).toEqual({
    info: { title: 'api' },
    paths: { a: { $ref: '#/components/schemas/Tree' }, b: ref },
    components: {
      x: 1,
      schemas: { Leaf: leaf, Tree: { ...tree, properties: { leaf: ref, fallen: ref } } },
    },
  });
  const other = { ...leaf, properties: {} };
  expect(() => withComponents({ ...document, more: other })).toThrow('"Leaf"');
});
