/** Topics whose partitions change under the flow, and instruments that come on two of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withAdmin } from '../../src/kafka/kafka.ts';
import { parseUs } from '../../src/domain/time.ts';
import { examine } from '../../src/app/doctor.ts';
import { splitInstruments } from '../../src/postgres/tables/split-instruments.ts';
import { sleep } from '../../src/clock.ts';
import { Installation } from '../support/installation.ts';

const FROM = parseUs('2026-03-02');

describe('partitions', () => {
  let installation: Installation;
  beforeAll(() => {
    installation = new Installation();
  });
  afterAll(() => installation.close());

  const found = async (check: string) =>
    (await examine(installation.context)).find((finding) => finding.check === check);

  test('an instrument on two partitions is alarmed and named by doctor, its ticks are stored', async () => {
    const { context } = installation;
    const topic = context.topicName('ticks');
    expect((await found('instruments'))?.ok).toBe(true);
    await installation.start('sink');
    const records = [0, 1].map((partition) => {
      const ts = FROM + partition * 1_000_000;
      const tick = { kind: 'trade', venue: 'split', symbol: 'A/USD', id: `${partition}`, ts };
      const value = JSON.stringify({ ...tick, price: 1, size: 1 });
      return { topic, key: 'split:A/USD', value, timestampMs: ts / 1_000, partition };
    });
    await installation.append(records);
    while ((await splitInstruments(context.postgres, topic)).length === 0) await sleep(200);
    await installation.start('jobs');
    const alerts = async (): Promise<{ message: string }[]> =>
      (await context.postgres.query(`SELECT message FROM alerts WHERE subject = 'split:A/USD'`))
        .rows as { message: string }[];
    while ((await alerts()).length === 0) await sleep(200);
    expect((await alerts())[0]?.message).toMatch(/split:A\/USD came on partitions 0 and 1 of/);
    expect(await found('instruments')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('split:A/USD came on partitions 0 and 1'),
    });
    await context.questdbReader().waitApplied(['ticks']);
    expect((await installation.dump('ticks', 'split')).length).toBe(2);
    await installation.stop('jobs');
    await installation.stop('sink');
  });

  test('a stage ends when its topic gets more partitions, does not begin again, and says why', async () => {
    const { kafka, topicName } = installation.context;
    const topic = topicName('ticks');
    await installation.start('stream');
    expect((await found('topics'))?.ok).toBe(true);
    await withAdmin(kafka, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] }),
    );
    expect(await installation.ended('stream')).toBe('1');
    const why = new RegExp(`${topic} has 4 partitions, and had 2 when this installation began`);
    expect(installation.output('stream')).toMatch(why);
    for (const name of ['stream', 'sink', 'money'] as const) {
      await expect(installation.start(name)).rejects.toThrow(why);
    }
    expect(await found('topics')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(why) as string,
    });
  });
});
