import { describe, expect, test } from 'vitest';
import {
  applyControl,
  initialControlState,
  modelSlotKey,
  type ModelControl,
} from '../../src/domain/control.ts';
import type { Control } from '../../src/domain/wire.ts';

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

  test('never move the cut back', () => {
    const state = initialControlState();
    applyControl(state, record('cut', 'all', 1, { value: 9 }));
    applyControl(state, record('cut', 'all', 2, { value: 4 }));
    expect(state.cut).toBe(9);
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
