/** What the labels job makes of the tables, and when it may begin to look at them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BARRIERS } from '../../pipelines/labels/barriers.ts';
import { loadConfig } from '../../src/config/config.ts';
import { parseUs, US_PER_HOUR, US_PER_S } from '../../src/domain/time.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { runLabels } from '../../pipelines/labels/job.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import { noteStored } from '../../src/postgres/tables/stored-watermarks.ts';
import { featuresTable, type FeatureRow } from '../../src/questdb/tables/features.ts';
import { candles } from '../../src/questdb/tables/candles.ts';
import { heartbeats } from '../../src/questdb/tables/heartbeats.ts';
import type { LabelRow } from '../../src/questdb/tables/labels.ts';
import { predictions } from '../../src/questdb/tables/predictions.ts';
import { quotes } from '../../src/questdb/tables/quotes.ts';
import { ticks } from '../../src/questdb/tables/ticks.ts';

const AT = parseUs('2032-06-01T12:00:00Z');
const INSTRUMENT = { venue: 'labelling', symbol: 'A/USD' };
const SUBJECT = instrumentKey(INSTRUMENT);
const LABEL_SPEC = 'direction_1h@1';
const END = AT + US_PER_HOUR;
const SHOWN = END + 5 * US_PER_S;

const decision = {
  ...INSTRUMENT,
  ts: AT,
  decided_ts: AT,
  known_at: AT,
  label_spec: LABEL_SPEC,
  slot: 'champion',
  prediction_id: 'p',
  feature_id: 'f',
  model_id: 'baseline',
  horizon_s: 3600,
  probability_up: 0.5,
  expected_return: 0,
  verdict: 'ok' as const,
  close: 100,
};
const tick = (ts: number, price: number) => ({
  ...INSTRUMENT,
  ts,
  known_at: ts + 1,
  id: String(ts),
  price,
  size: 1,
  side: null,
});

describe('labels', () => {
  let context: Context;

  beforeAll(() => {
    context = openContext(loadConfig(), 'test');
  });
  afterAll(() => context.close());

  const graded = async (): Promise<LabelRow[]> => {
    await runLabels(context, { subject: SUBJECT, labelSpec: LABEL_SPEC, dueTs: SHOWN });
    const reader = context.questdbReader();
    await reader.waitApplied(['labels']);
    return reader.query<LabelRow>(
      `SELECT * FROM labels WHERE venue = '${INSTRUMENT.venue}' AND symbol = 'A/USD'`,
    );
  };
  const pending = async (): Promise<number> =>
    (await context.labelBacklog().pending())
      .filter(({ venue }) => venue === INSTRUMENT.venue)
      .reduce((sum, one) => sum + one.pending, 0);

  test('wait until all of the stream is stored, whatever rows can be read already', async () => {
    const writer = context.questdbWriter();
    await writer.write(predictions, [decision]);
    await writer.write(ticks, [tick(END - US_PER_S, 110)]);
    // Its table is ahead of the ticks' own.
    await writer.write(heartbeats, [{ ...INSTRUMENT, ts: SHOWN, known_at: SHOWN }]);
    await context.questdbReader().waitApplied(['predictions', 'ticks', 'heartbeats']);
    expect(await pending()).toBe(0);
    expect(await graded()).toEqual([]);

    await writer.write(ticks, [tick(AT + US_PER_S, 100)]);
    await noteStored(context.postgres, [{ instrument: SUBJECT, reachedTs: SHOWN }]);
    await context.questdbReader().waitApplied(['ticks']);
    expect(await pending()).toBe(1);
    const rows = await graded();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      entry_ts: AT + US_PER_S,
      entry_price: 100,
      exit_price: 110,
      label_known_at: SHOWN,
      state: 'matured',
    });
    expect(await pending()).toBe(0);
  });

  test('are known since the record that showed them, whatever came late before it', async () => {
    const instrument = { ...INSTRUMENT, symbol: 'LATE/USD' };
    const subject = instrumentKey(instrument);
    const writer = context.questdbWriter();
    await writer.write(predictions, [{ ...decision, ...instrument }]);
    const late = { ...tick(SHOWN - US_PER_S, 109), ...instrument, known_at: SHOWN + US_PER_HOUR };
    const own = [tick(AT + US_PER_S, 100), tick(END - US_PER_S, 110), tick(SHOWN + US_PER_HOUR, 1)];
    const shown = { ...tick(SHOWN + 9 * US_PER_S, 108), ...instrument };
    await writer.write(ticks, [...own.map((one) => ({ ...one, ...instrument })), late, shown]);
    await context.questdbReader().waitApplied(['predictions', 'ticks']);
    await noteStored(context.postgres, [{ instrument: subject, reachedTs: SHOWN + US_PER_HOUR }]);
    try {
      await runLabels(context, { subject, labelSpec: LABEL_SPEC, dueTs: SHOWN });
      const rows = await context
        .questdbReader()
        .query<LabelRow>(
          `SELECT * FROM labels WHERE venue = '${INSTRUMENT.venue}' AND symbol = 'LATE/USD'`,
        );
      expect(rows).toMatchObject([{ state: 'matured', label_known_at: shown.known_at }]);
    } finally {
      await context.postgres.query('DELETE FROM stored_watermarks WHERE instrument = $1', [
        subject,
      ]);
    }
  });

  test('by the prices that the decision stood on, whatever else was read', async () => {
    // Quotes alone, then two trades: one slice of the job holds decisions of both kinds.
    const instrument = { ...INSTRUMENT, symbol: 'TRADED/USD' };
    const subject = instrumentKey(instrument);
    const second = AT + 10 * 60 * US_PER_S;
    const writer = context.questdbWriter();
    const candle = (ts: number, price_source: 'mid' | 'trade') => ({
      ...{ ...instrument, ts: ts - 60 * US_PER_S, decided_ts: ts, known_at: ts, price_source },
      ...{ timeframe: '1m', revision: 0, open: 1, high: 1, low: 1, close: 1, volume: 0 },
      ...{ trades: 1, vwap: null, flags: '' },
    });
    const quote = (ts: number, mid: number) => ({
      ...{ ...instrument, ts, known_at: ts + 1, id: `q${ts}`, bid: mid, ask: mid },
      ...{ bid_size: null, ask_size: null },
    });
    const times = [AT + US_PER_S, END - US_PER_S, second + US_PER_S, second + US_PER_HOUR];
    await writer.write(predictions, [
      { ...decision, ...instrument },
      { ...decision, ...instrument, ts: second, decided_ts: second, prediction_id: 'p2' },
    ]);
    await writer.write(candles, [candle(AT, 'mid'), candle(second, 'trade')]);
    await writer.write(
      quotes,
      times.map((ts, i) => quote(ts, 10 + i)),
    );
    await writer.write(
      ticks,
      times.map((ts, i) => ({ ...tick(ts, 20 + i), ...instrument })).slice(1),
    );
    const reachedTs = SHOWN + US_PER_HOUR;
    await writer.write(heartbeats, [{ ...instrument, ts: reachedTs, known_at: reachedTs }]);
    await noteStored(context.postgres, [{ instrument: subject, reachedTs }]);
    try {
      await runLabels(context, { subject, labelSpec: LABEL_SPEC, dueTs: SHOWN });
      const rows = await context
        .questdbReader()
        .query<LabelRow>(
          `SELECT * FROM labels WHERE venue = $1 AND symbol = 'TRADED/USD' ORDER BY ts`,
          [INSTRUMENT.venue],
        );
      expect(rows).toMatchObject([
        { entry_price: 10, exit_price: 11, state: 'matured' },
        { entry_price: 22, exit_price: 23, state: 'matured' },
      ]);
    } finally {
      await context.postgres.query('DELETE FROM stored_watermarks WHERE instrument = $1', [
        subject,
      ]);
    }
  });

  test('a watermark never moves back', async () => {
    for (const reachedTs of [SHOWN, AT]) {
      await noteStored(context.postgres, [{ instrument: SUBJECT, reachedTs }]);
    }
    const { rows } = await context.postgres.query<{ reached_ts: number }>(
      'SELECT reached_ts FROM stored_watermarks WHERE instrument = $1',
      [SUBJECT],
    );
    expect(rows).toEqual([{ reached_ts: SHOWN }]);
  });

  test('of more specs are made of the same decisions, each over its own horizon', async () => {
    const instrument = { ...INSTRUMENT, symbol: 'MORE/USD' };
    const subject = instrumentKey(instrument);
    const specs = ['return_1h@1', 'direction_30m@1', 'barrier_30m@1'];
    const more = openContext(loadConfig(process.env, { TICKLOOM_LABELS: specs.join() }), 'test');
    const writer = more.questdbWriter();
    await writer.write(predictions, [{ ...decision, ...instrument }]);
    const feature = { ...instrument, ts: AT, decided_ts: AT, known_at: AT, revision: 0 };
    const about = { feature_set: 'default@1', feature_id: 'f', flags: '' };
    await writer.write(featuresTable(FEATURE_NAMES), [
      { ...feature, ...about, [BARRIERS.atr]: 0.01 } as unknown as FeatureRow,
    ]);
    const prices = [
      [AT + US_PER_S, 100],
      [AT + 600 * US_PER_S, 104],
      [AT + US_PER_HOUR / 2, 101],
      [END - US_PER_S, 110],
      [SHOWN, 111],
    ] as const;
    const stored = prices.map(([ts, value]) => ({ ...tick(ts, value), ...instrument }));
    await writer.write(ticks, stored);
    await more.questdbReader().waitApplied(['predictions', 'ticks', 'features']);
    await noteStored(more.postgres, [{ instrument: subject, reachedTs: SHOWN }]);
    try {
      const pendingNow = async () =>
        (await more.labelBacklog().pending()).filter(({ symbol }) => symbol === 'MORE/USD');
      const open = await pendingNow();
      expect(open.map(({ label_spec }) => label_spec).toSorted()).toEqual(
        [LABEL_SPEC, ...specs].toSorted(),
      );
      for (const { label_spec: labelSpec } of open) {
        await runLabels(more, { subject, labelSpec, dueTs: SHOWN });
      }
      expect(await pendingNow()).toEqual([]);
      const rows = await more
        .questdbReader()
        .query<LabelRow & { long_touched: string; short_touched: string }>(
          `SELECT * FROM labels WHERE venue = '${INSTRUMENT.venue}' AND symbol = 'MORE/USD'`,
        );
      const found = Object.fromEntries(rows.map((row) => [row.label_spec, row]));
      expect(found[LABEL_SPEC]).toMatchObject({ exit_price: 110, long_touched: null });
      expect(found['return_1h@1']).toMatchObject({ exit_price: 110, up: 1 });
      expect(found['direction_30m@1']).toMatchObject({ exit_price: 101, exit_ts: AT + 1800e6 });
      expect(found['barrier_30m@1']).toMatchObject({
        state: 'matured',
        exit_price: 104,
        long_touched: 'target',
        short_touched: 'stop',
        up: 1,
      });
    } finally {
      await more.postgres.query('DELETE FROM stored_watermarks WHERE instrument = $1', [subject]);
      await more.close();
    }
  });
});
