import { describe, expect, test } from 'vitest';
import {
  applyControl,
  judgingClock,
  checkBot,
  initialControlState,
  modelSlotKey,
  noteFirstTick,
  type ModelControl,
} from '../../src/domain/control.ts';
import type { Control } from '../../src/domain/wire.ts';
import { paperBot } from '../../src/app/seed.ts';

const record = (
  type: Control['type'],
  subject: string,
  version: number,
  body: object,
): Control => ({
  kind: 'control',
  control_id: `${type}:${subject}:${version}`,
  version,
  type,
  subject,
  body: body as Record<string, unknown>,
  hmac: '0'.repeat(64),
});

const halt = (account: string, version: number, untilTs: number): Control =>
  record('halt', account, version, { account, until_ts: untilTs, reason: 'loss' });

describe('control records', () => {
  test('of a version that is not newer are void', () => {
    const state = initialControlState();
    expect(applyControl(state, halt('a', 2, 20))).toBe(true);
    for (const version of [1, 2]) expect(applyControl(state, halt('a', version, 99))).toBe(false);
    expect(state.halts['a']?.until_ts).toBe(20);
    expect(applyControl(state, halt('a', 3, 30))).toBe(true);
    expect(state.halts['a']?.until_ts).toBe(30);
  });

  test('count their versions by type and subject', () => {
    const state = initialControlState();
    expect(applyControl(state, halt('a', 5, 20))).toBe(true);
    expect(applyControl(state, halt('b', 1, 20))).toBe(true);
    expect(applyControl(state, record('cut', 'a', 1, { value: 3 }))).toBe(true);
  });

  test('never move the as-of barrier back', () => {
    const state = initialControlState();
    applyControl(state, record('cut', 'all', 1, { value: 9 }));
    applyControl(state, record('cut', 'all', 2, { value: 4 }));
    expect(state.cut).toBe(9);
  });

  test('bound an as-of barrier by the clock', () => {
    const state = initialControlState();
    const byUs = 1_000_000_000;
    applyControl(state, record('cut', 'all', 1, { value: 9e15 }), { byUs });
    expect(state.cut).toBe(byUs + 60_000_000);
    applyControl(state, record('cut', 'all', 2, { value: byUs + 60_000_001 }), { byUs: 2 * byUs });
    expect(state.cut).toBe(byUs + 60_000_001);
  });

  test('of the clock have no version: the last by its place counts', () => {
    const state = initialControlState();
    const clock = (ts: number, held = false): Control => {
      const { version: _, ...rest } = record('clock', 'clock', 1, { ts, held });
      return rest;
    };
    for (const ts of [5, 9, 7]) expect(applyControl(state, clock(ts))).toBe(true);
    expect(judgingClock(state)).toBe(7);
    applyControl(state, clock(20, true));
    expect(judgingClock(state)).toBe(20);
    expect(state.clock, 'held back from all but ticks').toBe(7);
    applyControl(state, clock(8));
    expect(judgingClock(state)).toBe(8);
  });

  test('give a slot to a model, and a retired one gives it back', () => {
    const state = initialControlState();
    const [venue, symbol, label_spec, slot] = ['v', 'A/USD', 'direction_1h@1', 'champion'];
    const place = { venue, symbol, label_spec, slot };
    const model: ModelControl = { ...place, model_id: 'm', sha256: 'x', state: 'champion' };
    const key = modelSlotKey(venue, symbol, label_spec, slot);
    applyControl(state, record('model', key, 1, model));
    expect(state.models).toEqual({ [key]: model });
    applyControl(state, record('model', key, 2, { ...model, state: 'retired' }));
    expect(state.models).toEqual({});
  });
});

describe('since when a model holds', () => {
  const [venue, symbol, label_spec, slot] = ['v', 'A/USD', 'direction_1h@1', 'champion'];
  const key = modelSlotKey(venue, symbol, label_spec, slot);
  const named = (
    version: number,
    model_id: string,
    state: ModelControl['state'] = 'champion',
  ): Control =>
    record('model', key, version, {
      ...{ venue, symbol, label_spec, slot },
      ...{ model_id, sha256: 'x', state },
    });
  const state = initialControlState();
  const since = (control: Control, seenTs?: number): number | undefined => {
    applyControl(state, control, { seenTs });
    return state.models[key]?.since;
  };

  test('is behind all that its instrument had seen, and stays while it is named again', () => {
    expect(since(named(1, 'm'), 10)).toBe(11);
    expect(since(named(2, 'm'), 20)).toBe(11);
    expect(since(named(2, 'n'), 25)).toBe(11);
    expect(since(named(3, 'n'), 30)).toBe(31);
  });

  test('begins anew for a model that comes back, from another or from the baseline', () => {
    expect(since(named(4, 'm'), 40)).toBe(41);
    expect(since(named(5, 'm', 'retired'), 50)).toBeUndefined();
    expect(since(named(6, 'm'), 60)).toBe(61);
  });

  test('is the first tick, where the record came before it', () => {
    expect(since(named(7, 'early'), -1)).toBe(0);
    noteFirstTick(state, { venue, symbol: 'B/USD' }, 70);
    expect(state.models[key]?.since).toBe(0);
    noteFirstTick(state, { venue, symbol }, 71);
    noteFirstTick(state, { venue, symbol }, 72);
    expect(state.models[key]?.since).toBe(71);
  });

  test('is left open where nobody asks, and of a model in a state from before it was kept', () => {
    expect(since(named(8, 'old'))).toBeUndefined();
    expect(since(named(9, 'old'), 90)).toBeUndefined();
    expect(since(named(10, 'new'), 100)).toBe(101);
  });
});

describe('the settings of a bot', () => {
  const bot = paperBot({ labelSpec: 'direction_1h@1', horizonUs: 3_600e6, orderLatencyUs: 0 });
  const checking =
    (more: Partial<typeof bot>): (() => void) =>
    () => {
      checkBot({ ...bot, min_confidence: 0.6, ...more });
    };

  test('may ask more of a young model, or say nothing of it', () => {
    checking({})();
    checking({ young_s: 0 })();
    checking({ young_s: 60, young_min_confidence: 0.6 })();
    checking({ young_s: 60, young_min_confidence: 1 })();
  });

  test('that ask less of a young model, or of an unknown age, are refused', () => {
    const least = /bot "paper": young_min_confidence is .*; give at least min_confidence, .* 0.6/;
    for (const young_min_confidence of [0.59, 1.1, NaN]) {
      expect(checking({ young_s: 60, young_min_confidence })).toThrow(least);
    }
    for (const young_s of [-1, NaN, Infinity]) {
      expect(checking({ young_s, young_min_confidence: 0.7 })).toThrow(
        /young_s is .*; give seconds/,
      );
    }
    expect(checking({ young_s: 60 })).toThrow(/say by young_min_confidence/);
  });
});
