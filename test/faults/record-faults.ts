/**
 * Faults of what is in the log and of who keeps it: producers with wrong clocks, an installation
 * whose own clock jumps, records that nobody should have sent, a topic that was made anew, a
 * PostgreSQL that is taken back to what it was.
 *
 * Records that a fault brings are of the instrument and the account `poison`, which dumps leave
 * out: everything else has to be what it was.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withAdmin } from '../../src/kafka/kafka.ts';
import { nowMs, nowUs, sleep } from '../../src/clock.ts';
import type { ClockControl } from '../../src/domain/control.ts';
import { US_PER_DAY, US_PER_HOUR } from '../../src/domain/time.ts';
import { clockRecords } from '../../pipelines/control/clock-sender.ts';
import { createTopics } from '../../src/runtime/topics.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import { readTopic } from '../support/topics.ts';
import type { Bed } from './bed.ts';
import { untilHit, type Fault } from './fault.ts';
import { POISON } from './poison.ts';

const YEAR_US = 365 * US_PER_DAY;

const trade = (id: number, ts: number): string =>
  JSON.stringify({
    ...{ kind: 'trade', venue: POISON, symbol: 'X/USD', id: String(id), ts, price: 1, size: 1 },
  });

/** Ahead by a year with a timestamp that agrees, and timestamps of every wrong unit. */
export const producerClock: Fault = {
  name: "a producer's clock a year ahead, and timestamps in other units",
  strike: async (bed) => {
    const topic = bed.context.topicName('ticks');
    const now = nowMs();
    const times: [number, number][] = [
      ...Array.from({ length: 150 }, (_, i): [number, number] => [
        YEAR_US + i,
        now + YEAR_US / 1e3,
      ]),
      ...[now / 1000, now * 1000, 0, -1].map((ms): [number, number] => [0, Math.floor(ms)]),
    ];
    const records = times.map(([aheadUs, timestampMs], i): OutRecord => {
      const value = trade(i, now * 1000 + aheadUs);
      return { topic, key: `${POISON}:X/USD`, value, timestampMs };
    });
    // What lies ahead by its own timestamp too waits for the next clock: one that changes nothing.
    const clock = { ts: nowUs(), held: true };
    const clocks = await clockRecords(bed.context, clock);
    await bed.context.outLog().append([...records, ...clocks]);
    const noted = await untilHit('the sink tells of them', async () => {
      const rows = await bed.context
        .questdbReader()
        .query<{ kind: string; n: number }>(
          `SELECT kind, count() AS n FROM quality_events WHERE venue = $1`,
          [POISON],
        )
        .catch(() => []);
      const counts = new Map(rows.map(({ kind, n }) => [kind, n]));
      const [future, wrong] = [counts.get('future'), counts.get('bad_clock')];
      return future !== undefined && wrong === 4 && `${future} rows of the future, ${wrong} clocks`;
    });
    return `${records.length} records, ${noted}`;
  },
};

/** As its processes send it where the machine's clock is set by an hour. */
export const installationClock: Fault = {
  name: "the installation's clock an hour ahead and an hour behind",
  strike: async (bed) => {
    const clocks: ClockControl[] = [US_PER_HOUR, -US_PER_HOUR].map((jump) => ({
      ts: nowUs() + jump,
      held: true,
    }));
    for (const clock of clocks) {
      await bed.context.outLog().append(await clockRecords(bed.context, clock));
      await sleep(2_000);
    }
    const held = await untilHit('a clock is held back', async () => {
      const { rows } = await bed.context.postgres.query<{ held: number }>(
        'SELECT count(held_us) AS held FROM partition_clocks',
      );
      return (rows[0]?.held ?? 0) > 0 && rows[0]?.held;
    });
    return `held back in ${held} partitions`;
  },
};

const GARBAGE = [
  '{',
  '[]',
  '7',
  'null',
  '{"kind":"fill"}',
  '{"kind":"signal"}',
  '\u0000',
  '{"a":1}',
];
const TOPICS = ['ticks', 'ticks-backfill', 'features', 'predictions', 'signals', 'fills'];

export const poisonRecords: Fault = {
  name: 'records that nobody should have sent, on every topic',
  strike: async (bed) => {
    const { context } = bed;
    const before = (await readTopic(context, 'dead-letters')).length;
    const records = TOPICS.flatMap((name) =>
      GARBAGE.map((value): OutRecord => ({
        topic: context.topicName(name),
        key: `${POISON}:X/USD`,
        value,
        timestampMs: nowMs(),
      })),
    );
    // Where the other run's clocks have not come yet there would be none: one that changes nothing.
    const clocks = await clockRecords(context, { ts: nowUs(), held: true });
    await context.outLog().append([...records, ...clocks]);
    const found = await untilHit('they are dead letters', async () => {
      const letters = (await readTopic(context, 'dead-letters')).slice(0);
      const ours = letters.filter(({ key }) => key?.startsWith(POISON));
      const topics = new Set(ours.map(({ headers }) => headers['source_topic']));
      return topics.size === TOPICS.length && letters.length - before;
    });
    return `${records.length} records, ${found} dead letters`;
  },
};

/** Deleted and made anew under the stage that reads it, and then filled again as it was. */
export const swapTopic: Fault = {
  name: 'the topic of signals deleted and made again',
  strike: async (bed) => {
    const { context } = bed;
    // Without a signal it would hit nothing.
    await untilHit('a signal is there', async () => {
      const { length } = await readTopic(context, 'signals');
      return length > 0 ? length : undefined;
    });
    // What is written into it meanwhile would be lost, and not by the fault.
    await bed.drop('stream');
    const topic = context.topicName('signals');
    const held = await readTopic(context, 'signals');
    const heard = bed.output('money').length;
    await withAdmin(context.kafka, (admin) => admin.deleteTopics({ topics: [topic] }));
    await sleep(1_000);
    await createTopics(context.kafka, {
      partitions: bed.config.partitions,
      topicName: context.topicName,
    });
    const logged = await stoppedAt(bed, topic, heard, held.length);
    await context.outLog().append(held.map((record): OutRecord => ({ topic, ...record })));
    await bed.keep('stream');
    await bed.ready('money');
    return `${held.length} records, "${logged}"`;
  },
};

/**
 * What the stage says of a log that is not its own; where there was nothing it has nothing to say.
 */
async function stoppedAt(bed: Bed, topic: string, heard: number, held: number): Promise<string> {
  if (held === 0) throw new Error('hit nothing: there are no signals yet');
  return untilHit('trades stops', () => {
    const line = bed
      .output('money')
      .slice(heard)
      .split('\n')
      .find((text) => text.includes('topics accept') && text.includes(topic));
    return Promise.resolve(line?.slice(0, 200));
  });
}

/** How long the flow goes on behind what is kept of PostgreSQL. */
const LATER_MS = 12_000;

export const restorePostgres: Fault = {
  name: 'PostgreSQL taken back to what it was',
  strike: async (bed) => {
    const dir = bed.postgresDir();
    const kept = mkdtempSync(join(tmpdir(), 'tickloom-kept-'));
    const positions = async (): Promise<number> => {
      const { rows } = await bed.context.postgres.query<{ sum: string }>(
        'SELECT coalesce(sum(next_offset), 0)::text AS sum FROM checkpoints',
      );
      return Number(rows[0]?.sum);
    };
    try {
      bed.killServer('postgres');
      await bed.ended('postgres');
      cpSync(dir, join(kept, 'data'), { recursive: true, preserveTimestamps: true });
      await bed.startServer('postgres');
      const from = await positions();
      await sleep(LATER_MS);
      const to = await untilHit('positions move', async () => {
        const now = await positions();
        return now > from && now;
      });
      bed.killServer('postgres');
      await bed.ended('postgres');
      bed.replaceDir(dir, join(kept, 'data'));
      await bed.startServer('postgres');
      return `positions back from ${to} to ${await positions()}`;
    } finally {
      rmSync(kept, { recursive: true, force: true });
    }
  },
};
