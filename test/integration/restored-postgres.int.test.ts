/** An older PostgreSQL beside a newer log: what it sends then has to hold in the stream. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendDueControls, type DueControl } from '../../pipelines/control/outbox.ts';
import { must } from '../../src/assert.ts';
import { withAdmin } from '../../src/kafka/kafka.ts';
import { readLog } from '../../src/kafka/read-log.ts';
import { loadConfig } from '../../src/config/config.ts';
import { applyControl, initialControlState } from '../../src/domain/control.ts';
import type { Control } from '../../src/domain/wire.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import { scanControls } from '../../pipelines/control/control-scan.ts';
import { renumberDue } from '../../src/postgres/tables/control-versions.ts';
import { appendControl, lastBarrier } from '../../src/postgres/tables/outbox.ts';

/** Topics without the first bots: places in them are counted. */
const PREFIX = `${loadConfig().topicPrefix}restored-`;
const TOPIC = `${PREFIX}ticks`;
const SUBJECT = 'restored';
const LATER_CUT = 4_000_000_000_000_000;

describe('an older PostgreSQL beside a newer log', () => {
  let context: Context;

  beforeAll(async () => {
    context = openContext(loadConfig({ ...process.env, TICKLOOM_TOPIC_PREFIX: PREFIX }), 'test');
    await withAdmin(context.kafka, (admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: ['ticks', 'ticks-backfill'].map((name) => ({
          topic: `${PREFIX}${name}`,
          numPartitions: 2,
        })),
      }),
    );
  });
  afterAll(() => context.close());

  const forget = (which: string) =>
    context.postgres.query(`DELETE FROM control_outbox WHERE subject = $1 AND ${which}`, [SUBJECT]);

  const queue = (controlId: string, type: Control['type'], body: object) =>
    appendControl(context.postgres, {
      ...{ controlId: `${SUBJECT}-${controlId}`, type, subject: SUBJECT, body, cause: 'test' },
    });

  const due = async (): Promise<DueControl[]> =>
    (
      await context.postgres.query<DueControl>(
        `SELECT seq::int, control_id AS "controlId", type, subject, version::int, body
         FROM control_outbox WHERE state = 'due' AND subject = $1 ORDER BY seq`,
        [SUBJECT],
      )
    ).rows;

  const send = () =>
    sendDueControls({
      due,
      markSent: async (sent) => {
        await context.postgres.query(
          `UPDATE control_outbox SET state = 'sent' WHERE seq = ANY($1::bigint[])`,
          [sent.map(({ seq }) => seq)],
        );
      },
      log: context.outLog(),
      key: context.controlKey,
      partitionCount: () => 2,
      topicName: context.topicName,
      nowMs: () => 1,
    } as Parameters<typeof sendDueControls>[0]);

  const scan = () => scanControls({ ...context, topic: TOPIC });

  /** Which records hold in a partition of the stream, in order: those not void. */
  async function holding(partition: number): Promise<string[]> {
    const state = initialControlState();
    const ids: string[] = [];
    await readLog(context.kafka, { topic: TOPIC, partition }, ({ value }) => {
      const control = JSON.parse(String(must(value))) as Control;
      if (applyControl(state, control)) ids.push(control.control_id.slice(SUBJECT.length + 1));
    });
    return ids;
  }

  test('sends what holds, knows the last as-of barrier, and repeats nothing that is in the log', async () => {
    await queue('halt-1', 'halt', { scope: 'all', reason: 'a' });
    await send();
    await scan();
    const { rows } = await context.postgres.query(
      'SELECT next_offset FROM control_scans WHERE topic = $1 ORDER BY partition',
      [TOPIC],
    );
    // What comes after the backup.
    await queue('halt-2', 'halt', { scope: 'all', reason: 'b' });
    await queue('halt-3', 'halt', { scope: 'all', reason: 'c' });
    await queue('cut-1', 'cut', { value: LATER_CUT });
    await send();
    // The backup: the second halt waited then, the rest was not there.
    await forget(`control_id LIKE '%halt-3' OR control_id LIKE '%cut-1'`);
    await context.postgres.query(`UPDATE control_outbox SET state = 'due' WHERE control_id = $1`, [
      `${SUBJECT}-halt-2`,
    ]);
    // Queued by a process that was up before the log was read.
    await queue('early', 'halt', { scope: 'all', reason: 'd' });
    expect((await due()).map(({ version }) => version)).toEqual([2, 3]);
    expect(await lastBarrier(context.postgres, LATER_CUT)).toBeLessThan(LATER_CUT);

    await scan();
    expect(await renumberDue(context.postgres)).toBe(1);
    expect(await lastBarrier(context.postgres, LATER_CUT)).toBe(LATER_CUT);
    await queue('new', 'halt', { scope: 'all', reason: 'e' });
    await queue('cut-2', 'cut', { value: LATER_CUT + 1 });
    await send();
    expect(rows.map(({ next_offset }) => Number(next_offset))).toEqual([1, 1]);
    for (const partition of [0, 1]) {
      const all = ['halt-1', 'halt-2', 'halt-3', 'cut-1', 'early', 'new', 'cut-2'];
      expect(await holding(partition)).toEqual(all);
    }
  });
});
