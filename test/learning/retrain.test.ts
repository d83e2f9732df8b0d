import { describe, expect, test } from 'vitest';
import { parseUs, US_PER_DAY, US_PER_HOUR } from '../../src/domain/time.ts';
import { DEFAULT_RETRAIN, retrainTriggers, type RetrainInput } from '../../src/learning/retrain.ts';

const AT = parseUs('2026-03-05T00:00:00Z');
const NOTHING: RetrainInput = {
  ...{ atTs: AT, calendarEveryUs: null, drift: null, decay: null, newData: null, fired: [] },
};

const drift = (shareDrifted: number, gainShareDrifted: number): RetrainInput['drift'] => ({
  ...{ modelId: 'm', rows: 5000, shareDrifted, gainShareDrifted, drifted: ['rsi_14_1m'] },
});
const decay = (promised: number, live: number): RetrainInput['decay'] => ({
  modelId: 'm',
  promised: { gain: promised, standard_error: 0.003, rows: 2000 },
  live: { gain: live, standard_error: 0.004, rows: 1500 },
});
const newData = (newRows: number): RetrainInput['newData'] => ({
  ...{ trainedTs: AT - 4 * US_PER_DAY, trainedRows: 6000, newRows },
});
const kinds = (changes: Partial<RetrainInput>): string[] =>
  retrainTriggers({ ...NOTHING, ...changes }).map(({ kind }) => kind);

describe('a training', () => {
  test('is not asked for where nothing is known', () => {
    expect(retrainTriggers(NOTHING)).toEqual([]);
  });

  test('falls due by the calendar at its times alone, whatever fired before', () => {
    const calendarEveryUs = US_PER_DAY;
    const fired = [{ kind: 'calendar' as const, firedTs: AT - US_PER_DAY }];
    expect(kinds({ calendarEveryUs, fired })).toEqual(['calendar']);
    expect(kinds({ calendarEveryUs, atTs: AT + US_PER_HOUR })).toEqual([]);
  });

  test('is asked for where many features drifted, or those that the model hangs on', () => {
    expect(kinds({ drift: drift(0.29, 0.49) })).toEqual([]);
    expect(kinds({ drift: drift(0.3, 0) })).toEqual(['drift']);
    expect(kinds({ drift: drift(0.02, 0.5) })).toEqual(['drift']);
    const [trigger] = retrainTriggers({ ...NOTHING, drift: drift(0.02, 0.5) });
    expect(trigger).toMatchObject({
      modelId: 'm',
      reason: expect.stringContaining('50 % of its split gain'),
      detail: { rows: 5000, features: ['rsi_14_1m'], gain_share_asked: 0.5 },
    });
  });

  test('is asked for where the champion gains less than it passed by, beyond both errors', () => {
    // The errors are 0.003 and 0.004, so that of the difference is 0.005.
    const limit = DEFAULT_RETRAIN.decayErrors * 0.005;
    expect(kinds({ decay: decay(0.01, 0.01 - limit * 0.99) })).toEqual([]);
    expect(kinds({ decay: decay(0.01, 0.01 - limit * 1.01) })).toEqual(['decay']);
    expect(kinds({ decay: decay(0.01, 0.05) }), 'it does better').toEqual([]);
    const [trigger] = retrainTriggers({ ...NOTHING, decay: decay(0.01, -0.01) });
    expect(trigger?.reason).toContain('a fall of 4 standard errors, 1.645 are needed');
  });

  test('is not asked for where a standard error is not determined', () => {
    const live = { gain: -1, standard_error: null, rows: 10 };
    expect(kinds({ decay: { ...decay(0.01, 0)!, live } })).toEqual([]);
  });

  test('is asked for at as many new outcomes as the last one had', () => {
    expect(kinds({ newData: newData(5999) })).toEqual([]);
    expect(kinds({ newData: newData(6000) })).toEqual(['new_data']);
    expect(kinds({ newData: newData(3000), settings: { newDataShare: 0.5 } })).toEqual([
      'new_data',
    ]);
    expect(kinds({ newData: { ...newData(0)!, trainedRows: 0 } })).toEqual([]);
  });

  test('is asked for once a kind within the cool-down, in whatever order one looks', () => {
    const found = { drift: drift(1, 1), decay: decay(0.01, -1) };
    const cool = DEFAULT_RETRAIN.coolDownUs;
    const at = (firedTs: number) => kinds({ ...found, fired: [{ kind: 'drift', firedTs }] });
    expect(at(AT - cool + 1)).toEqual(['decay']);
    expect(at(AT + cool - 1)).toEqual(['decay']);
    expect(at(AT - cool)).toEqual(['drift', 'decay']);
    expect(at(AT), 'the same look once more').toEqual(['drift', 'decay']);
  });
});
