/** What the grades job says of signals, and when it may begin to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { formatUs, parseUs, US_PER_DAY, US_PER_HOUR, US_PER_S } from '../../src/domain/time.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { runGrades } from '../../pipelines/grades/job.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import { openWork } from '../../src/runtime/open-work.ts';
import { ungradedSignals } from '../../src/postgres/tables/signal-outcomes.ts';
import { noteStored } from '../../src/postgres/tables/stored-watermarks.ts';
import { ticks } from '../../src/questdb/tables/ticks.ts';

const AT = parseUs('2032-07-01T12:00:00Z');
const INSTRUMENT = { venue: 'grading', symbol: 'A/USD' };
const SUBJECT = instrumentKey(INSTRUMENT);
const SHOWN = AT + US_PER_HOUR + 5 * US_PER_S;

const tick = (ts: number, price: number) => ({
  ...INSTRUMENT,
  ts,
  known_at: ts + 1,
  id: `t-${ts - AT}`,
  price,
  size: 1,
  side: null,
});

const signal = (id: string, decidedTs: number, direction: 'buy' | 'sell') => {
  const [stop, target] = direction === 'buy' ? ['95', '110'] : ['105', '90'];
  const decided = formatUs(decidedTs);
  return {
    signal_id: id,
    prediction_id: 'p',
    feature_id: 'f',
    model_id: 'baseline',
    bot: 'b',
    account: 'a',
    strategy: 's',
    timeframe: '1m',
    ...INSTRUMENT,
    ts: decided,
    decided_ts: decided,
    known_at: decided,
    direction,
    entry: '100',
    stop_loss: stop,
    take_profit: target,
    risk_reward: '2',
    size: '1',
    confidence: 0.6,
    expires_at: decided,
    reason: 'test',
    indicators: {},
    content_sha256: Buffer.alloc(32),
  };
};

describe('grades', () => {
  let context: Context;

  const book = async (row: ReturnType<typeof signal>): Promise<void> => {
    const places = Object.keys(row).map((_, i) => `$${i + 1}`);
    await context.postgres.query(
      `INSERT INTO signals (${Object.keys(row).join(', ')}) VALUES (${places.join(', ')})`,
      Object.values(row),
    );
  };
  const open = async (): Promise<number> =>
    (await ungradedSignals(context.postgres, context.config)).filter(
      ({ venue }) => venue === INSTRUMENT.venue,
    ).length;
  const outcomes = async () => {
    const { rows } = await context.postgres.query<Record<string, unknown>>(
      `SELECT o.* FROM signal_outcomes o JOIN signals s USING (signal_id)
       WHERE s.venue = $1 ORDER BY signal_id`,
      [INSTRUMENT.venue],
    );
    return rows;
  };

  beforeAll(() => {
    context = openContext(loadConfig(), 'test');
  });
  afterAll(() => context.close());

  test('say what was touched first once all of the horizon is stored, and say it once', async () => {
    await book(signal('g-1', AT, 'buy'));
    await book(signal('g-2', AT, 'sell'));
    await book(signal('g-3', AT + US_PER_DAY, 'buy'));
    await context
      .questdbWriter()
      .write(ticks, [
        tick(AT, 70),
        tick(AT + US_PER_S, 100),
        tick(AT + 9 * US_PER_S, 104),
        tick(AT + 60 * US_PER_S, 111),
        tick(AT + 90 * US_PER_S, 80),
        tick(SHOWN, 100),
      ]);
    await noteStored(context.postgres, [{ instrument: SUBJECT, reachedTs: SHOWN - 4 * US_PER_S }]);
    expect(await open()).toBe(0);

    await noteStored(context.postgres, [{ instrument: SUBJECT, reachedTs: SHOWN }]);
    expect(await open()).toBe(1);
    const work = await openWork(context.postgres, context.labelBacklog(), context.config);
    expect(work.filter((line) => line.includes(SUBJECT))).toHaveLength(1);

    await runGrades(context, { subject: SUBJECT, dueTs: SHOWN });
    const graded = await outcomes();
    expect(graded).toMatchObject([
      {
        signal_id: 'g-1',
        label_spec: 'barrier_1h@1',
        state: 'matured',
        entry_price: 100,
        exit_price: 111,
        exit_tick_id: `t-${60 * US_PER_S}`,
        touched: 'target',
        held_us: 59 * US_PER_S,
        result: 'win',
        label_known_at: SHOWN + 1,
      },
      { signal_id: 'g-2', touched: 'stop', exit_price: 111, result: 'loss' },
    ]);
    expect(await open()).toBe(0);
    await runGrades(context, { subject: SUBJECT, dueTs: SHOWN });
    expect(await outcomes()).toEqual(graded);
  });
});
