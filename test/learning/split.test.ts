import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitRows, type LabelInterval, type Fold } from '../../src/learning/split.ts';

const HORIZON = 60;

const everyMinute = (count: number): LabelInterval[] =>
  Array.from({ length: count }, (_, i) => ({ decidedTs: i, labelEndTs: i + HORIZON }));

const SETTINGS = { folds: 3, holdoutShare: 0.25, warmupShare: 0.4, embargoUs: HORIZON };

describe('splitting rows by time', () => {
  test('leaves a label and an embargo between training and the holdout', () => {
    const { final } = splitRows(everyMinute(1000), SETTINGS);
    expect(final.testFromTs).toBe(750);
    expect(final.test[0]).toBe(750);
    expect(final.test).toHaveLength(250);
    // The last row kept: its label ends at 689, the embargo at 749.
    expect(final.train.at(-1)).toBe(629);
    expect(final.purged).toBe(60);
    expect(final.embargoed).toBe(60);
  });

  test('walks forward over the training rows, fold behind fold', () => {
    const { folds, final } = splitRows(everyMinute(1000), SETTINGS);
    expect(folds).toHaveLength(3);
    const tested = folds.flatMap((fold) => Array.from(fold.test));
    expect(tested).toEqual(Array.from(final.train.slice(252)));
    expect(folds.map((fold) => fold.train.length)).toEqual([132, 258, 384]);
  });

  test('keeps rows of one instant together', () => {
    const rows = everyMinute(100).flatMap((row) => [row, row, row]);
    const { final } = splitRows(rows, { ...SETTINGS, embargoUs: 0, holdoutShare: 0.2501 });
    expect(final.testFromTs).toBe(74);
    expect(final.test).toHaveLength(78);
  });

  test('never trains on a label that reaches into its test, nor tests what it trained on', () => {
    const row = fc.record({ gap: fc.integer({ min: 0, max: 30 }), span: fc.nat(90) });
    const property = fc.property(
      fc.array(row, { maxLength: 200 }),
      fc.nat(40),
      (drawn, embargo) => {
        let now = 0;
        const rows = drawn.map(({ gap, span }) => {
          now += gap;
          return { decidedTs: now, labelEndTs: now + span };
        });
        const { folds, final } = splitRows(rows, { ...SETTINGS, embargoUs: embargo });
        for (const fold of [...folds, final]) checkPart(rows, fold, embargo);
        const slice = new Set(final.test);
        for (const fold of folds) {
          expect([...fold.train, ...fold.test].some((index) => slice.has(index))).toBe(false);
        }
        const { purged, embargoed } = final;
        expect(final.train.length + final.test.length + purged + embargoed).toBe(rows.length);
      },
    );
    fc.assert(property, { seed: 1, numRuns: 200 });
  });

  test('refuses rows out of order', () => {
    const rows = everyMinute(3).reverse();
    expect(() => splitRows(rows, SETTINGS)).toThrow('was decided before');
  });
});

function checkPart(rows: LabelInterval[], fold: Fold, embargo: number): void {
  for (const index of fold.train) {
    expect(rows[index]!.labelEndTs + embargo).toBeLessThan(fold.testFromTs);
  }
  for (const index of fold.test) {
    expect(rows[index]!.decidedTs).toBeGreaterThanOrEqual(fold.testFromTs);
  }
}
