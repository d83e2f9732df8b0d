import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { controlKeyId, onlyKey, signControl, verifyControl } from '../../src/stream/control-key.ts';
import type { Control } from '../../src/domain/wire.ts';
import { decodeTicks, type Decoded } from '../../src/stream/decode.ts';

const KEY = 'k'.repeat(32);
const verify = (control: Control) => verifyControl(onlyKey(KEY), control);

const decode = (key: string | null, value: unknown): Decoded =>
  decodeTicks(key, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), verify);

const trade = { kind: 'trade', venue: 'v', symbol: 'A/B', id: '1', ts: 5, price: '1.5', size: 2 };
const decodeReason = (decoded: Decoded): string =>
  decoded.type === 'dead' ? decoded.reason : decoded.type;

describe('decodeTicks', () => {
  test('one tick and a frame of ticks of its key', () => {
    expect(decode('v:A/B', trade)).toMatchObject({ type: 'ticks', positions: null, skipped: 0 });
    expect(decode('v:A/B', [trade, trade])).toMatchObject({ type: 'ticks', positions: [0, 1] });
  });

  test('unknown kinds are skipped, also in a frame; unknown fields are left alone', () => {
    expect(decode('v:A/B', { kind: 'depth' })).toMatchObject({ items: [], skipped: 1 });
    expect(decode('v:A/B', [{ kind: 'depth' }, { ...trade, extra: 1 }])).toMatchObject({
      positions: [1],
      skipped: 1,
    });
  });

  const DEAD: [string, string][] = [
    ['', 'empty_value'],
    ['{', 'bad_json'],
    ['7', 'not_a_record'],
    ['[]', 'not_a_record'],
    ['[[[[]]]]', 'not_a_record'],
    ['{"price":1}', 'not_a_record'],
    [JSON.stringify({ ...trade, ts: '5' }), 'schema'],
    [JSON.stringify({ ...trade, ts: -1 }), 'schema'],
    [JSON.stringify({ ...trade, ts: 1.5 }), 'schema'],
    [JSON.stringify({ ...trade, price: null }), 'schema'],
    [JSON.stringify({ ...trade, price: 'NaN' }), 'schema'],
    [JSON.stringify(trade).replace('"1.5"', '1e400'), 'schema'],
    [JSON.stringify({ ...trade, price: 0 }), 'price_not_positive'],
    [JSON.stringify({ ...trade, size: -1 }), 'price_not_positive'],
    [JSON.stringify({ ...trade, symbol: 'X' }), 'key_mismatch'],
    // A symbol like any other, but not the key's.
    [JSON.stringify({ ...trade, symbol: "A'; DROP TABLE ticks" }), 'key_mismatch'],
    [JSON.stringify({ ...trade, symbol: 'A\nticks,b=c d=1' }), 'schema'],
    [JSON.stringify([trade, { ...trade, price: -1 }]), 'price_not_positive'],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'not_a_record'],
  ];
  test.each(
    DEAD.map(([value, reason]): [string, string, string] => [value.slice(0, 60), reason, value]),
  )('%s is dead: %s', (_, reason, value) => {
    expect(decodeReason(decode('v:A/B', value))).toBe(reason);
  });

  test('a tick without a key is dead, and so is a null value', () => {
    expect(decodeReason(decode(null, trade))).toBe('missing_key');
    expect(decodeReason(decodeTicks('v:A/B', null, verify))).toBe('empty_value');
  });

  test.each(['id', 'extra', 'side'])('bytes that are not UTF-8 in %s make it dead', (field) => {
    const bad = Buffer.from(JSON.stringify({ ...trade, [field]: '#' }));
    bad[bad.indexOf('#')] = 0xff;
    expect(decodeReason(decodeTicks('v:A/B', bad, verify))).toBe('bad_json');
  });

  test('a control record counts only with our signature over exactly its content', () => {
    const control = signControl(KEY, {
      kind: 'control',
      control_id: 'c1',
      version: 1,
      type: 'cut',
      subject: 'cut',
      body: { value: 5 },
    });
    expect(decodeReason(decode(null, control))).toBe('control');
    expect(decodeReason(decode(null, { ...control, body: { value: 6 } }))).toBe('bad_hmac');
    expect(decodeReason(decode(null, { ...control, version: 2 }))).toBe('bad_hmac');
    expect(decodeReason(decode('v:A/B', control))).toBe('control_with_key');
    expect(decodeReason(decode('v:A/B', [control]))).toBe('control_in_frame');
    const { key_id, ...unnamed } = control;
    expect(key_id).toBe(controlKeyId(KEY));
    expect(decodeReason(decode(null, unnamed))).toBe('control');
    const strange = { ...control, key_id: controlKeyId('x'.repeat(32)) };
    expect(decode(null, strange)).toMatchObject({
      reason: 'unknown_key',
      detail: expect.stringMatching(/key [0-9a-f]{16}, which is not known here: give this machine/),
    });
    expect(decodeReason(decode(null, { ...control, key_id: 'short' }))).toBe('schema');
    const { hmac: _, ...unsigned } = control;
    expect(decodeReason(decode(null, unsigned))).toBe('schema');
  });

  test('a control record of a type that only a newer version knows says so, if it is ours', () => {
    const newer = signControl(KEY, {
      kind: 'control',
      control_id: 'c1',
      version: 1,
      type: 'resize' as 'cut',
      subject: 'paper',
      body: {},
    });
    expect(decode(null, newer)).toMatchObject({
      reason: 'newer_version',
      detail: 'control type "resize": update this program',
    });
    expect(decodeReason(decode(null, { ...newer, body: { more: 1 } }))).toBe('schema');
  });

  test('no bytes whatever make it throw', () => {
    fc.assert(
      fc.property(fc.option(fc.string()), fc.uint8Array({ maxLength: 200 }), (key, bytes) => {
        decodeTicks(key, Buffer.from(bytes), verify);
      }),
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(['dead', 'ticks']).toContain(decode('v:A/B', json).type);
      }),
    );
  });
});
