import { describe, expect, test } from 'vitest';
import { clientEncoder, findProblem } from '../../src/questdb/encoder.ts';
import { candles } from '../../src/questdb/tables/candles.ts';
import { labels } from '../../src/questdb/tables/labels.ts';
import type { AnyRow } from '../../src/questdb/table.ts';
import { ticks } from '../../src/questdb/tables/ticks.ts';
import { tradeRow } from '../support/trade-row.ts';

const trade: AnyRow = { ...tradeRow };

describe('the encoder', () => {
  test('puts symbols first, the time last, and leaves null out', () => {
    const text = clientEncoder().encode(ticks, [trade]).toString('latin1');
    const head = 'ticks,venue=v,symbol=A\\ B known_at=1398902400000002t,id="7",price=';
    expect(text.startsWith(head)).toBe(true);
    expect(text).not.toContain('side');
    expect(text.endsWith(' 1398902400000001t\n')).toBe(true);
  });

  test('writes a double as its eight bytes', () => {
    const bytes = clientEncoder().encode(ticks, [trade]);
    const at = bytes.indexOf('price==') + 'price=='.length;
    expect(bytes[at]).toBe(16);
    expect(bytes.readDoubleLE(at + 1)).toBe(1.5);
  });

  test('makes no bytes of no rows', () => {
    expect(clientEncoder().encode(ticks, [])).toHaveLength(0);
  });
});

describe('the check before it', () => {
  test('passes what the columns can hold', () => {
    expect(findProblem(ticks, trade)).toBeNull();
  });

  test.each([
    [{ price: NaN }, 'ticks.price is null: expected a finite number'],
    [{ price: Infinity }, 'ticks.price is null: expected a finite number'],
    [{ price: '1.5' }, 'ticks.price is "1.5": expected a finite number'],
    [{ ts: 1.5 }, 'ticks.ts is 1.5: expected integer microseconds since 1970'],
    [{ known_at: -1 }, 'ticks.known_at is -1: expected integer microseconds since 1970'],
    [{ ts: 2 ** 53 }, 'ticks.ts is 9007199254740992: expected integer microseconds since 1970'],
    [{ ts: null }, 'ticks.ts is missing'],
    [{ venue: 5 }, 'ticks.venue is 5: expected text'],
    [{ id: '\ud800' }, 'ticks.id is "\\ud800": expected well-formed Unicode'],
    [{ constructor: 1 }, 'ticks has no column "constructor"'],
  ])('finds %j', (wrong, message) => {
    expect(findProblem(ticks, { ...trade, ...wrong })).toBe(message);
  });

  test('knows the limits of integers', () => {
    const key = { ts: 1, revision: 2 ** 31, trades: 1 };
    expect(findProblem(candles, key)).toMatch(/32 bits/);
    expect(findProblem(candles, { ...key, revision: 1, trades: 1.5 })).toMatch(/below 2\^53/);
    expect(findProblem(labels, { ts: 1, up: null })).toBeNull();
  });
});
