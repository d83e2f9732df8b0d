/**
 * Records that a newer version of this program wrote, read by this one; and control records while
 * the key that signs them rotates.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { must } from '../../src/assert.ts';
import { loadConfig } from '../../src/config/config.ts';
import { sleep } from '../../src/clock.ts';
import { parseUs } from '../../src/domain/time.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import type { Control } from '../../src/domain/wire.ts';
import { controlKeyId, signControl } from '../../src/stream/control-key.ts';
import { tickloomWith } from '../support/command.ts';
import { Installation } from '../support/installation.ts';
import { readTopic } from '../support/topics.ts';

const FROM = parseUs('2026-03-03');
const INSTRUMENT = { venue: 'newer', symbol: 'A/USD' };
const KEY = 'newer:A/USD';

/** Of its own, as its keys rotate; the servers are everybody's. */
const dataDir = mkdtempSync(join(tmpdir(), 'tickloom-newer-'));
const settings = { TICKLOOM_DATA_DIR: dataDir };

let installation: Installation;
beforeAll(async () => {
  for (const name of ['credentials.json', 'control.key']) {
    copyFileSync(join(loadConfig().dataDir, name), join(dataDir, name));
  }
  installation = new Installation(settings);
  for (const name of ['stream', 'sink', 'money'] as const) await installation.start(name);
});
afterAll(async () => {
  await installation.close();
  rmSync(dataDir, { recursive: true });
});

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

test('what cannot be kept whole is a dead letter with its reason, all else is kept, nothing stops', async () => {
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
      topic: context.topicName(topic),
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
  expect(await context.flowProbe().drain(120_000)).toEqual([]);
  await installation.reader.waitApplied(['ticks', 'features']);
  const letters = await readTopic(context, 'dead-letters');
  const reasons = letters.map(({ headers }) => [headers['reason'], headers['detail']]);
  expect(reasons.map(String).toSorted()).toEqual([
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

test('a control key rotates under flow: nothing is lost; what is retired or unknown is a dead letter', async () => {
  const { context } = installation;
  const { postgres, controlKeys, topicName } = context;
  const keys = (...words: string[]) => tickloomWith(settings, 'keys', ...words, '--why', 'a test');
  const first = context.controlKey();
  const over = new AbortController();
  let sent = 0;
  const cut = (key: string): Control => {
    const value = FROM + ++sent;
    const draft = { kind: 'control', type: 'cut', subject: 'keys', body: { value } } as const;
    return signControl(key, { ...draft, control_id: `keys:${sent}`, version: sent });
  };
  const append = (...controls: object[]) =>
    installation.append(
      controls.map((control) => ({
        ...{ topic: topicName('ticks'), key: null, timestampMs: FROM / 1_000 },
        value: JSON.stringify(control),
      })),
    );
  const flow = (async () => {
    while (!over.signal.aborted) {
      await append(cut(context.controlKey()));
      await sleep(20);
    }
  })();
  const { code, err } = await keys('rotate');
  expect([code, err]).toEqual([0, '']);
  await sleep(200);
  over.abort();
  await flow;
  const second = must(controlKeys.list()[1]).id;
  const log = (await readTopic(context, 'ticks'))
    .map(({ value }) => JSON.parse(String(value)) as Control)
    .filter(({ kind, subject }) => kind === 'control' && subject === 'keys');
  expect(new Set(log.map(({ key_id }) => key_id))).toEqual(new Set([controlKeyId(first), second]));
  expect(new Set(log.map((control) => context.verifyControl(control)))).toEqual(new Set(['ours']));

  expect(await context.flowProbe().drain(60_000)).toEqual([]);
  await installation.stop('money');
  expect((await keys('retire', controlKeyId(first))).err).toContain('add --yes to do it');
  expect((await keys('retire', controlKeyId(first), '--yes')).code).toBe(0);
  const held = sent;
  const { key_id: _, ...unnamed } = cut(first);
  await append(cut(first), unnamed, cut('a stranger of 32 characters or so'));
  await append(cut(context.controlKey()));
  expect(await context.flowProbe().drain(60_000)).toEqual([]);
  const letters = (await readTopic(context, 'dead-letters'))
    .map(({ headers }) => headers)
    .filter(({ detail }) => String(detail).includes('"keys:'));
  const reasons = letters.map(({ reason, detail }) => `${String(reason)}: ${String(detail)}`);
  expect(reasons.toSorted()).toEqual([
    `bad_hmac: control "keys:${held + 1}" is not ours`,
    `retired_key: control "keys:${held + 2}" is signed by key ${controlKeyId(first)}, which is retired`,
    expect.stringMatching(/^unknown_key: .*which is not known here: give this machine the keys/),
  ]);
  const places = await postgres.query<{ n: number }>(
    `SELECT count(*) AS n FROM control_places WHERE control_id LIKE 'keys:%'`,
  );
  expect(places.rows).toEqual([{ n: held + 1 }]);
  const audited = await postgres.query<{ action: string; subject: string }>(
    `SELECT action, subject FROM audit_log WHERE action LIKE 'keys.%' ORDER BY audit_id`,
  );
  expect(audited.rows).toEqual([
    { action: 'keys.rotate', subject: second },
    { action: 'keys.retire', subject: controlKeyId(first) },
  ]);
});
