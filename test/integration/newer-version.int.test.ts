/** Records that a newer version of this program wrote, read by this one. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseUs } from '../../src/domain/time.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { createTopics } from '../../src/processes/topics.ts';
import { signControl } from '../../src/stream/control-key.ts';
import { Installation } from '../support/installation.ts';
import { readTopic } from '../support/topics.ts';

const FROM = parseUs('2026-03-03');
const INSTRUMENT = { venue: 'newer', symbol: 'A/USD' };
const KEY = 'newer:A/USD';

let installation: Installation;
beforeAll(async () => {
  installation = new Installation({ TICKLOOM_TOPIC_PREFIX: 'newer-' });
  const { kafka, topicOf } = installation.context;
  await createTopics(kafka, { partitions: 1, topicOf });
  for (const name of ['stream', 'sink', 'money'] as const) await installation.start(name);
});
afterAll(() => installation.close());

const feature = (ts: number, set: string, more: object) => ({
  kind: 'feature',
  feature_id: `${set}:${KEY}:${ts}`,
  feature_set: set,
  ...INSTRUMENT,
  ts,
  decided_ts: ts,
  known_at: ts,
  candles: [],
  values: { ...Object.fromEntries(FEATURE_NAMES.map((name) => [name, 0.5])), ...more },
  flags: [],
});

test('what cannot be kept whole is buried with its reason, all else is kept, nothing stops', async () => {
  const { context } = installation;
  const tick = (second: number, more: object): object => {
    const ts = FROM + second * 1_000_000;
    return { kind: 'trade', ...INSTRUMENT, id: String(second), ts, price: 1, size: 1, ...more };
  };
  const control = signControl(context.controlKey(), {
    kind: 'control',
    control_id: 'resize-1',
    version: 1,
    type: 'resize' as 'cut',
    subject: 'paper',
    body: { factor: 2 },
  });
  const of = (topic: string, key: string | null, ...values: object[]) =>
    values.map((value) => ({
      topic: context.topicOf(topic),
      key,
      value: JSON.stringify(value),
      timestampMs: FROM / 1_000,
    }));
  await installation.append([
    ...of('ticks', KEY, tick(0, {}), tick(1, { auction: true }), { ...tick(2, {}), kind: 'depth' }),
    ...of('ticks', null, control),
    ...of('ticks', KEY, tick(3, {})),
    ...of('features', KEY, feature(FROM, 'old@1', {}), feature(FROM, 'new@2', { skew_9: 1 })),
    ...of('features', KEY, { kind: 'feature_drift' }),
  ]);
  // Its own topics alone: jobs that other tests left due would never be done here.
  expect(await context.flowProbe().settle(120_000)).toEqual([]);
  await installation.reader.waitApplied(['ticks', 'features']);
  const letters = await readTopic(context, 'dead-letters');
  const said = letters.map(({ headers }) => [headers['reason'], headers['detail']]);
  expect(said.map(String).toSorted()).toEqual([
    `newer_version,control type "resize": update this program`,
    `newer_version,no column for "skew_9": update the sink`,
  ]);
  const stored = await installation.dump('ticks', 'newer');
  expect(stored.map((row) => (JSON.parse(row) as { id: string }).id)).toEqual(['0', '1', '3']);
  const sets = await installation.dump('features', 'newer');
  expect(sets.map((row) => (JSON.parse(row) as { feature_set: string }).feature_set)).toEqual([
    'old@1',
  ]);
});
