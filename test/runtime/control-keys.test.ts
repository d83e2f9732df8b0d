import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { must } from '../../src/assert.ts';
import type { Control } from '../../src/domain/wire.ts';
import { ControlKeyring } from '../../src/runtime/control-keys.ts';
import { isSealed, controlKeyId, sealControl, signControl } from '../../src/stream/control-key.ts';
import { loadConfig } from '../../src/config/config.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tickloom-keys-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const cut = (value: number): Parameters<typeof signControl>[1] => ({
  ...{ kind: 'control', control_id: `cut:${value}`, version: value, type: 'cut', subject: 'cut' },
  body: { value },
});
const unnamed = (control: Control): Control => {
  const { key_id: _, ...rest } = control;
  return rest;
};
const ring = (): ControlKeyring => new ControlKeyring(dir, null);

describe('the keys of a data directory', () => {
  test('rotate: the new one signs in every process at once, the old ones verify', () => {
    const [one, other] = [ring(), ring()];
    const first = signControl(one.current(), cut(1));
    expect(other.verify(first)).toBe('ours');
    const id = one.rotate();
    const second = signControl(other.current(), cut(2));
    expect([first.key_id === id, second.key_id]).toEqual([false, id]);
    for (const keys of [one, other, ring()]) {
      expect([first, second, unnamed(first)].map((each) => keys.verify(each))).toEqual([
        ...['ours', 'ours', 'ours'],
      ]);
      // Records from before there were ids are of the first key alone.
      expect(keys.verify(unnamed(second))).toBe('bad_hmac');
      expect(keys.verify({ ...first, key_id: id })).toBe('bad_hmac');
    }
    expect(one.list().map(({ state, first: isFirst }) => [state, isFirst])).toEqual([
      ['verifies', true],
      ['signs', false],
    ]);
    expect(statSync(join(dir, 'control-keys.json')).mode & 0o777).toBe(0o600);
  });

  test('retire: what it has signed is refused by its name, and the key is gone from the disk', () => {
    const keys = ring();
    const secret = keys.current();
    const old = signControl(secret, cut(1));
    expect(() => keys.retire(controlKeyId(secret))).toThrow(/signs: tickloom keys rotate/);
    keys.rotate();
    const watching = ring();
    expect(watching.verify(old)).toBe('ours');
    keys.retire(controlKeyId(secret));
    expect(watching.verify(old)).toBe('retired_key');
    expect(watching.verify(unnamed(old))).toBe('bad_hmac');
    expect(watching.list()[0]).toMatchObject({ state: 'retired' });
    expect(existsSync(join(dir, 'control.key'))).toBe(false);
    expect(readFileSync(join(dir, 'control-keys.json'), 'utf8')).not.toContain(secret);
    expect(() => keys.retire(controlKeyId(secret))).toThrow('is retired already');
    expect(() => keys.retire('nobody')).toThrow('tickloom keys list');
    expect(ring().current()).toBe(keys.current());
  });

  test('what waits in the outbox, sealed before a rotation, is ours behind it', () => {
    const keys = ring();
    const { control_id: controlId, type, subject, body } = cut(1);
    const sealed = { controlId, type, subject, body };
    const seal = sealControl(keys.current(), sealed);
    keys.rotate();
    const holds = (): boolean => keys.sealKeys().some((key) => isSealed(key, sealed, seal));
    expect(keys.sealKeys()[0]).toBe(keys.current());
    expect(holds()).toBe(true);
    keys.retire(must(keys.list()[0]).id);
    expect(holds()).toBe(false);
  });

  test('whatever is rotated and retired, a record is ours exactly while its key is kept', () => {
    const step = fc.oneof(fc.constant('rotate'), fc.constant('sign'), fc.nat({ max: 5 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        rmSync(dir, { recursive: true, force: true });
        const [keys, reader] = [ring(), ring()];
        const signed: Control[] = [];
        const retired = new Set<string>();
        for (const each of steps) {
          if (each === 'rotate') keys.rotate();
          else if (each === 'sign')
            signed.push(signControl(keys.current(), cut(signed.length + 1)));
          else {
            const key = keys.list()[each];
            if (key?.state !== 'verifies') continue;
            keys.retire(key.id);
            retired.add(key.id);
          }
          for (const record of signed) {
            const expected = retired.has(must(record.key_id)) ? 'retired_key' : 'ours';
            expect(reader.verify(record)).toBe(expected);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test.each(['', '{}', '[{"id":"x","secret":"y","first":true}]', '[]'])(
    '%j is no file of keys, and none is made in its place',
    (text) => {
      writeFileSync(join(dir, 'control-keys.json'), text);
      expect(() => ring().current()).toThrow(
        /restore it from a backup|every control key is retired/,
      );
    },
  );
});

describe('the keys of the setting', () => {
  const [a, b] = ['a'.repeat(32), 'b'.repeat(32)];

  test('the first signs, all verify, and what changes is the setting', () => {
    const { controlKey } = loadConfig({ TICKLOOM_CONTROL_KEY: `${a},${b}` });
    const keys = new ControlKeyring(dir, controlKey);
    expect(keys.current()).toBe(a);
    const records = [a, b].map((key) => signControl(key, cut(1)));
    for (const record of [...records, ...records.map(unnamed)]) {
      expect(keys.verify(record)).toBe('ours');
    }
    expect(keys.verify(signControl('c'.repeat(32), cut(1)))).toBe('unknown_key');
    expect(() => keys.rotate()).toThrow(/the keys are a setting: .*TICKLOOM_CONTROL_KEY/);
    expect(() => keys.retire(controlKeyId(b))).toThrow(/are a setting/);
    expect(() => loadConfig({ TICKLOOM_CONTROL_KEY: `${a},short` })).toThrow(
      /TICKLOOM_CONTROL_KEY/,
    );
    expect(existsSync(join(dir, 'control.key'))).toBe(false);
  });
});
