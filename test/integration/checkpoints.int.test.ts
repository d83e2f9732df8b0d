/** Checkpoints in PostgreSQL: who may still save, and that a save is all of it or nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import type { CheckpointWrite } from '../../src/stream/stage.ts';
import { PostgresCheckpoints } from '../../src/postgres/tables/checkpoints.ts';

const STAGE = 'checkpoints-test';
const TOPIC = 'ticks';

describe('checkpoints', () => {
  let context: Context;
  const makeStore = (owner: string): PostgresCheckpoints =>
    new PostgresCheckpoints(context.postgres, STAGE, owner);
  const makeWrite = (epoch: number, nextOffset: number, states: object): CheckpointWrite => ({
    epoch,
    nextOffset,
    partitionState: Buffer.from(`partition ${nextOffset}`),
    instrumentStates: new Map(
      Object.entries(states).map(([key, text]) => [key, Buffer.from(String(text))]),
    ),
  });
  /** What the next process would begin with; asking is itself a claim. */
  const found = async (partition: number) => {
    const { nextOffset, partitionState, instrumentStates } = await makeStore('next').claim(
      TOPIC,
      partition,
    );
    const states = [...instrumentStates].map(([key, state]) => [key, state.toString()]);
    return [nextOffset, String(partitionState), Object.fromEntries(states)];
  };

  beforeAll(() => {
    context = openContext(loadConfig(), 'test');
  });
  afterAll(() => context.close());

  test('give back what was saved, of each instrument the newest, also of many', async () => {
    const store = makeStore('one');
    const { epoch, ...nothing } = await store.claim(TOPIC, 0);
    const none = { marker: null, partitionState: null, instrumentStates: new Map() };
    expect(nothing).toEqual({ nextOffset: 0, ...none });
    const many = Object.fromEntries(Array.from({ length: 1_201 }, (_, i) => [`v:S${i}`, `a${i}`]));
    expect(await store.save(TOPIC, 0, makeWrite(epoch, 5, many))).toBe('saved');
    expect(await store.save(TOPIC, 0, makeWrite(epoch, 7, { 'v:S3': 'b' }))).toBe('saved');
    expect(await found(0)).toEqual([7, 'partition 7', { ...many, 'v:S3': 'b' }]);
  });

  test('give back the record before the position, by which the log is known again', async () => {
    const store = makeStore('one');
    const { epoch } = await store.claim(TOPIC, 2);
    const marker = { offset: 4, hash: Buffer.alloc(16, 7) };
    expect(await store.save(TOPIC, 2, { ...makeWrite(epoch, 5, {}), marker })).toBe('saved');
    expect((await store.claim(TOPIC, 2)).marker).toEqual(marker);
  });

  test('of a process that lost its partition change nothing', async () => {
    const { epoch } = await makeStore('zombie').claim(TOPIC, 1);
    const successor = await makeStore('successor').claim(TOPIC, 1);
    expect(successor.epoch).toBe(epoch + 1);
    const sound = makeWrite(successor.epoch, 5, { 'v:A': 'successor' });
    expect(await makeStore('successor').save(TOPIC, 1, sound)).toBe('saved');
    const stale = makeWrite(epoch, 9, { 'v:A': 'zombie', 'v:B': 'zombie' });
    expect(await makeStore('zombie').save(TOPIC, 1, stale)).toBe('fenced');
    expect(await found(1)).toEqual([5, 'partition 5', { 'v:A': 'successor' }]);
  });

  test('that fail half way leave the position and every state as they were', async () => {
    const store = makeStore('one');
    const { epoch } = await store.claim(TOPIC, 2);
    await store.save(TOPIC, 2, makeWrite(epoch, 5, { 'v:A': 'before' }));
    // PostgreSQL holds no text with a NUL.
    const broken = makeWrite(epoch, 9, { 'v:A': 'behind', 'v:\u0000': 'x' });
    await expect(store.save(TOPIC, 2, broken)).rejects.toThrow(/encoding|0x00/);
    expect(await found(2)).toEqual([5, 'partition 5', { 'v:A': 'before' }]);
  });
});
