/** The log's own clock on real servers: what no producer's clock can do any more. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nowUs, sleep } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { ControlState } from '../../src/domain/control.ts';
import { parseUs, US_PER_DAY, US_PER_S } from '../../src/domain/time.ts';
import { expiredNow } from '../../pipelines/retention/job.ts';
import { clockRecords } from '../../pipelines/control/clock-sender.ts';
import { installationTime } from '../../src/runtime/installation-time.ts';
import { releaseFuture } from '../../src/app/release-future.ts';
import { planRepair, repair } from '../../src/app/repair.ts';
import { floodAlerts, heldClockAlerts } from '../../src/app/watch-clock.ts';
import { decodeState, encodeState } from '../../src/stream/state-codec.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import { writeSetting } from '../../src/postgres/tables/settings.ts';
import { Installation } from '../support/installation.ts';

const PREFIX = loadConfig().topicPrefix;
const TICKS = `${PREFIX}ticks`;
const YEAR = 365 * US_PER_DAY;

interface Event {
  readonly kind: string;
  readonly ts: number;
  readonly known_at: number;
  readonly detail: string;
}

let installation: Installation;
let serial = 0;

const trade = (symbol: string, ts: number): object => ({
  ...{ kind: 'trade', venue: 'ticking', symbol, id: String(++serial), ts, price: 10, size: 1 },
});

/** A record of one trade; its timestamp in milliseconds as its producer gives it. */
const record = (symbol: string, ts: number, ms = Math.floor(ts / 1000)): OutRecord => ({
  topic: TICKS,
  key: `ticking:${symbol}`,
  value: JSON.stringify(trade(symbol, ts)),
  timestampMs: ms,
});

const events = (symbol: string): Promise<Event[]> =>
  installation.reader.query<Event>(
    `SELECT kind, ts, known_at, detail FROM quality_events
     WHERE venue = 'ticking' AND symbol = $1 ORDER BY ts`,
    [symbol],
  );

const kinds = async (symbol: string): Promise<string[]> =>
  (await events(symbol)).map(({ kind }) => kind).toSorted();

const stored = (symbol: string): Promise<{ ts: number; known_at: number }[]> =>
  installation.reader.query(
    `SELECT ts, known_at FROM ticks WHERE venue = 'ticking' AND symbol = $1 ORDER BY ts`,
    [symbol],
  );

/** The stages alone: no job runs here. */
async function drain(): Promise<void> {
  const open = await installation.context.flowProbe().drain(60_000);
  if (open.length > 0) throw new Error(`not drained:\n${open.join('\n')}`);
}

async function send(...records: readonly OutRecord[]): Promise<void> {
  await installation.append(records);
  await drain();
}

/** How far all of the future may be: a stage that is not there yet has a second or two more. */
const soon = (): number => nowUs() + 90 * US_PER_S;

beforeAll(() => {
  installation = new Installation({ TICKLOOM_SESSION_TIMEOUT_MS: '6000' });
});
afterAll(() => installation.close());

describe('a log from before there were clocks', () => {
  test('and one that was fed while nobody read it, hold nothing of the future', async () => {
    const now = nowUs();
    // Months of a market, then an outage: the last clock in the log is two days old.
    const months = Array.from({ length: 400 }, (_, i) =>
      record('OLD', now - 100 * US_PER_DAY + i * (US_PER_DAY / 5)),
    );
    await installation.append(months);
    const old = { ts: now - 2 * US_PER_DAY };
    const clocks = await clockRecords(installation.context, old);
    await installation.append(clocks);
    const weekend = Array.from({ length: 200 }, (_, i) =>
      record('WEEKEND', now - US_PER_DAY + i * (US_PER_DAY / 200)),
    );
    await installation.append(weekend);
    for (const name of ['stream', 'sink'] as const) await installation.start(name);
    await drain();
    expect(await kinds('OLD')).toEqual([]);
    expect(await kinds('WEEKEND')).toEqual([]);
    expect(await stored('OLD')).toHaveLength(400);
    expect(await stored('WEEKEND')).toHaveLength(200);
    expect((await stored('OLD')).every(({ ts, known_at }) => known_at === ts - (ts % 1))).toBe(
      true,
    );
  });
});

describe('a wrong clock of a producer', () => {
  test('a year ahead, its own timestamp agreeing, is set apart and harms nothing', async () => {
    const now = nowUs();
    await send(record('YEAR', now + YEAR), record('YEAR', now + US_PER_S));
    await send(record('YEAR', now + 2 * US_PER_S), record('OTHER', now));
    expect(await kinds('YEAR')).toEqual(['future']);
    const [event] = await events('YEAR');
    expect(event?.ts, 'told at the time at which it came').toBeLessThan(soon());
    expect(JSON.parse(event?.detail ?? '')).toMatchObject({ tick: 'trade', price: 10, size: 1 });
    expect(await stored('YEAR')).toHaveLength(2);
    expect(await installationTime(installation.context)).toBeLessThan(soon());
  });

  test.each([
    ['SECONDS', (us: number) => Math.floor(us / 1e6)],
    ['MICROS', (us: number) => us],
    ['NANOS', (us: number) => us * 1000 - ((us * 1000) % 1024)],
    ['ZERO', () => 0],
    ['NONE', () => -1],
    ['AHEAD', (us: number) => Math.floor(us / 1000) + 3_600_000],
  ])(
    'a record timestamp in %s is told, and the tick is stored by its own time',
    async (symbol, ms) => {
      const now = nowUs();
      await send(record(symbol, now, ms(now)));
      await send(record(symbol, now + US_PER_S), record(symbol, now + 10 * US_PER_S));
      expect(await kinds(symbol)).toEqual(['bad_clock']);
      const rows = await stored(symbol);
      expect(rows).toHaveLength(3);
      for (const { known_at } of rows) expect(known_at).toBeLessThan(soon());
    },
  );

  test('a heartbeat a year ahead closes nothing', async () => {
    const now = nowUs();
    const beat = { kind: 'heartbeat', venue: 'ticking', symbol: 'BEAT', ts: now + YEAR };
    const at = { topic: TICKS, key: 'ticking:BEAT', value: JSON.stringify(beat) };
    await send(record('BEAT', now), { ...at, timestampMs: Math.floor((now + YEAR) / 1000) });
    await send(record('BEAT', now + US_PER_S));
    expect(await kinds('BEAT')).toEqual(['future']);
    expect(await stored('BEAT')).toHaveLength(2);
  });

  test('in history is told apart the same way', async () => {
    const now = nowUs();
    const far = { ...record('PAST', now + YEAR), topic: `${PREFIX}ticks-backfill` };
    const odd = { ...record('PAST', now - YEAR, now), topic: far.topic };
    await send(far, odd, { ...record('PAST', now - YEAR), topic: far.topic });
    expect(await kinds('PAST')).toEqual(['bad_clock', 'future']);
    expect(await stored('PAST')).toHaveLength(2);
  });

  test('in a flood has a hundred rows a minute, and a sum', async () => {
    const now = nowUs();
    const flood = Array.from({ length: 2_000 }, (_, i) => record('FLOOD', now + YEAR + i));
    await send(...flood, record('FLOOD', now));
    const noted = await events('FLOOD');
    const details = noted.map(({ detail }) => JSON.parse(detail) as { count?: number });
    const counted = details.reduce((sum, { count = 1 }) => sum + count, 0);
    expect(counted).toBe(2_000);
    // At most over the turn of a minute or two.
    expect(noted.length).toBeLessThanOrEqual(303);
    expect(await stored('FLOOD')).toHaveLength(1);
    const alerts = await floodAlerts(installation.context);
    expect(alerts.map(({ key }) => key)).toEqual(['flood:future:ticking:FLOOD']);
  });

  test('of several venues at once is put down to our own', async () => {
    const now = nowUs();
    const other = { ...trade('ELSE', now + US_PER_DAY), venue: 'elsewhere' };
    const ahead = { topic: TICKS, key: 'elsewhere:ELSE', value: JSON.stringify(other) };
    await send({ ...ahead, timestampMs: Math.floor(now / 1000) });
    const keys = (await floodAlerts(installation.context)).map(({ key }) => key);
    expect(keys).toContain('flood:clock');
  });
});

describe('a clock of the installation that jumps', () => {
  test('is held back, alarmed, and taken once somebody accepts it', async () => {
    const { context } = installation;
    const jumped = nowUs() + US_PER_DAY;
    const held = await clockRecords(context, { ts: jumped, held: true });
    // Ticks are judged by it: if it is right, none was set apart.
    await send(...held, record('JUMPED', jumped));
    expect(await kinds('JUMPED')).toEqual([]);
    expect(await installationTime(context)).toBeLessThan(soon());
    // The stages here send their own all the while, each of which ends it.
    let alerts = await heldClockAlerts(context);
    for (; alerts.length === 0; alerts = await heldClockAlerts(context)) await send(...held);
    expect(alerts).toMatchObject([{ key: 'clock:held', severity: 'critical' }]);
    await send(...(await clockRecords(context, { ts: nowUs(), accepted: true })));
    expect(await heldClockAlerts(context)).toEqual([]);
  });
});

describe('what was set apart', () => {
  test('is fed again once its time has come, and only then', async () => {
    const now = nowUs();
    const soonUs = now + 64 * US_PER_S;
    // Right for its producer, and ahead of our clock by a little more than is allowed.
    await send(record('AGAIN', soonUs, Math.floor(now / 1000)), record('AGAIN', now + YEAR));
    expect(await kinds('AGAIN')).toEqual(['future', 'future']);
    const ask = {
      instrument: { venue: 'ticking', symbol: 'AGAIN' },
      isDry: false,
      notify: () => 0,
    };
    for (;;) {
      const { released, ahead } = await releaseFuture(installation.context, {
        ...ask,
        isDry: true,
      });
      expect(released + ahead).toBe(2);
      if (released === 1) break;
      await sleep(500);
    }
    expect(await releaseFuture(installation.context, ask)).toMatchObject({ released: 1, ahead: 1 });
    await drain();
    expect((await stored('AGAIN')).map(({ ts }) => ts)).toEqual([soonUs]);
  });
});

describe('retention', () => {
  test('drops nothing that was fed today, whatever any tick says of the time', async () => {
    const { postgres } = installation.context;
    await writeSetting(postgres, 'retention', { ticks: '1d' });
    const { expired } = await expiredNow(installation.context);
    await postgres.query(`DELETE FROM settings WHERE name = 'retention'`);
    expect(expired).toEqual([]);
  });
});

describe('tickloom repair', () => {
  const READ = `SELECT state FROM operator_state WHERE stage = $1 AND topic = $2 AND instrument = $3`;

  /** As an older version has left it: a watermark of 2101, and an as-of barrier of then. */
  async function poison(symbol: string): Promise<void> {
    const { postgres } = installation.context;
    const far = parseUs('2101-01-01');
    for (const stage of ['stream', 'sink'] as const) {
      await installation.stop(stage);
      const key = `ticking:${symbol}`;
      const { rows } = await postgres.query<{ state: Buffer }>(READ, [stage, TICKS, key]);
      const state = decodeState<{ maxTs: number; intake?: { maxTs: number } }>(
        rows[0]?.state ?? Buffer.alloc(0),
      );
      (state.intake ?? state).maxTs = far;
      await postgres.query(
        `UPDATE operator_state SET state = $4
         WHERE stage = $1 AND topic = $2 AND instrument = $3`,
        [stage, TICKS, key, encodeState(state)],
      );
      const { rows: checkpoints } = await postgres.query<{ partition: number; state: Buffer }>(
        'SELECT partition, state FROM checkpoints WHERE stage = $1 AND topic = $2',
        [stage, TICKS],
      );
      for (const { partition, state: bytes } of checkpoints) {
        const control = { ...decodeState<ControlState>(bytes), cut: far };
        await postgres.query(
          'UPDATE checkpoints SET state = $4 WHERE stage = $1 AND topic = $2 AND partition = $3',
          [stage, TICKS, partition, encodeState(control)],
        );
      }
    }
    for (const stage of ['stream', 'sink'] as const) await installation.start(stage);
  }

  test('says what a wrong clock has spoilt, and makes it right from the log', async () => {
    const before = nowUs();
    await send(record('SICK', before), record('WELL', before));
    await poison('SICK');
    const now = nowUs();
    await send(record('SICK', now), record('WELL', now));
    expect(await kinds('SICK'), 'late for ever').toEqual(['late']);
    expect((await stored('WELL')).at(-1)?.known_at, 'known in 2101').toBeGreaterThan(now + YEAR);
    const plan = await planRepair(installation.context);
    expect(plan.partitions.flatMap(({ instruments }) => instruments)).toContain('ticking:SICK');
    expect(plan.partitions.every(({ barrierTs }) => barrierTs !== null)).toBe(true);
    const ended = Promise.all([installation.ended('stream'), installation.ended('sink')]);
    await repair(installation.context, plan, 'test');
    await ended;
    for (const stage of ['stream', 'sink'] as const) await installation.start(stage);
    const after = nowUs();
    await send(record('SICK', after), record('WELL', after));
    expect((await kinds('SICK')).filter((kind) => kind === 'late')).toHaveLength(1);
    for (const symbol of ['SICK', 'WELL']) {
      const rows = await stored(symbol);
      expect(rows).toHaveLength(3);
      for (const { known_at } of rows) expect(known_at).toBeLessThan(soon());
    }
    // What was judged by the clock that jumped is so by the log, and stays.
    const { partitions } = await planRepair(installation.context);
    expect(partitions.filter(({ barrierTs }) => barrierTs !== null)).toEqual([]);
    const ahead = new Set(partitions.flatMap(({ instruments }) => instruments));
    expect([...ahead].filter((key) => key !== 'ticking:JUMPED')).toEqual([]);
  });
});
