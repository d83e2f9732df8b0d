/**
 * The age of a champion as the stream keeps it: from the place of its record in the log, through
 * every restart, with a checkpoint of a program that did not keep it yet among them.
 */
import { describe, expect, test } from 'vitest';
import { streamStage } from '../../../pipelines/stream/stream-task.ts';
import { must } from '../../../src/assert.ts';
import type { ControlState } from '../../../src/domain/control.ts';
import { parseUs, US_PER_HOUR } from '../../../src/domain/time.ts';
import { instrumentKey, type Control, type Signal } from '../../../src/domain/wire.ts';
import type { ModelManifest } from '../../../src/learning/artefact.ts';
import { mergedTrades } from '../../../src/market/merged.ts';
import { paperBot } from '../../../src/app/seed.ts';
import type {
  Checkpoint,
  CheckpointStore,
  CheckpointWrite,
  LogRecord,
  OutRecord,
} from '../../../src/stream/stage.ts';
import { decodeState, encodeState } from '../../../src/stream/state-codec.ts';
import { botRecord, modelRecord, verify } from '../../simulation/controls.ts';
import { CLOCKED, surroundings } from '../../support/stage-surroundings.ts';

const FROM = parseUs('2026-03-01');
const LABEL_SPEC = 'direction_1h@1';
const AT = { venue: 'synthetic', symbol: 'A/USD' };
const bot = {
  ...paperBot({ labelSpec: LABEL_SPEC, horizonUs: US_PER_HOUR, orderLatencyUs: 250_000 }),
  max_holding_s: 60,
  ...{ min_confidence: 0.6, young_s: 3600, young_min_confidence: 0.8 },
};

const span = { fromUs: FROM, toUs: FROM + 10 * US_PER_HOUR };
const trades = [
  ...mergedTrades({
    seed: 3,
    venue: AT.venue,
    symbols: [AT.symbol],
    ...span,
    rate: 0.2,
    edge: 'none',
  }),
].map(({ tick }) => ({ ts: tick.ts, key: instrumentKey(tick), value: tick }));
const tradesIn = (fromHour: number, toHour: number): typeof trades =>
  trades.filter(
    ({ ts }) => ts >= FROM + fromHour * US_PER_HOUR && ts < FROM + toHour * US_PER_HOUR,
  );
const last = (some: typeof trades): number => must(some.at(-1)).ts;

/** Controls with the event time that the instrument has seen by then, and trades around them. */
const controlled = (ts: number, value: Control) => ({ ts, key: null, value });
const [before, first, second, third] = [
  tradesIn(0, 5),
  tradesIn(5, 7),
  tradesIn(7, 8.5),
  tradesIn(8.5, 10),
];
const makeLog = (
  parts: readonly { ts: number; key: string | null; value: object }[],
): LogRecord[] =>
  parts.map(({ ts, key, value }, offset) => {
    const bytes = Buffer.from(JSON.stringify(value));
    return { topic: 'ticks', partition: 0, offset, timestampUs: ts, key, value: bytes };
  });
const log = makeLog([
  controlled(FROM, botRecord(bot)),
  ...before,
  controlled(last(before), modelRecord(AT, 'champion', 'one', 1)),
  ...first,
  controlled(last(first), modelRecord(AT, 'champion', 'other', 2)),
  ...second,
  // A rollback: the one that comes back is young once more.
  controlled(last(second), modelRecord(AT, 'champion', 'one', 3)),
  ...third,
]);
const findOffset = (text: string): number =>
  log.findIndex(({ key, value }) => key === null && String(value).includes(text));

/** What was saved last, as a store gives it back, by `read` of the partition's state. */
class Kept implements CheckpointStore {
  private readonly states = new Map<string, Buffer>();
  private last: CheckpointWrite | null = null;
  private readonly read: (state: Buffer) => Buffer;

  constructor(read: (state: Buffer) => Buffer) {
    this.read = read;
  }

  claim(): Promise<Checkpoint> {
    const partitionState = this.last === null ? CLOCKED : this.read(this.last.partitionState);
    const nextOffset = this.last?.nextOffset ?? 0;
    return Promise.resolve({ epoch: 1, nextOffset, partitionState, instrumentStates: this.states });
  }

  save(_topic: string, _partition: number, write: CheckpointWrite): Promise<'saved'> {
    this.last = write;
    for (const [key, state] of write.instrumentStates) this.states.set(key, state);
    return Promise.resolve('saved');
  }
}

/** All that the stream appends, with restarts from what it has saved before these places. */
async function appended(
  records: readonly LogRecord[],
  restarts: readonly number[],
  read: (state: Buffer) => Buffer = (state) => state,
): Promise<OutRecord[]> {
  const out: OutRecord[] = [];
  const sure = { probabilityUp: 0.7, expectedReturn: 0.001, outlier: false };
  const model = { manifest: {} as ModelManifest, expiresTs: span.toUs, predict: () => sure };
  const stage = streamStage({
    ...surroundings,
    verifyControl: verify,
    settings: { horizonUs: US_PER_HOUR, labelSpec: LABEL_SPEC },
    log: { append: (more) => Promise.resolve(void out.push(...more)) },
    checkpoints: new Kept(read),
    models: { load: () => Promise.resolve(model) },
  });
  let from = 0;
  for (const to of [...restarts, records.length]) {
    const task = await stage.open('ticks', 0);
    expect(task.position).toBe(from);
    await task.process(records.slice(from, to), () => Promise.resolve());
    await task.checkpoint?.();
    from = to;
  }
  return out;
}

/** Of models, with how long after its record's place each was decided, in hours. */
const signalAges = (
  out: readonly OutRecord[],
  model: string,
  fromTs: number,
  toTs: number,
): number[] =>
  out
    .filter(({ topic }) => topic === 'signals')
    .map(({ value }) => JSON.parse(String(value)) as Signal)
    .filter((s) => s.kind === 'signal' && s.model_id === model)
    .filter((s) => s.decided_ts > fromTs && s.decided_ts <= toTs)
    .map((s) => (s.decided_ts - fromTs - 1) / US_PER_HOUR);

describe('a champion', async () => {
  const whole = await appended(log, []);

  test.each([
    ['one', last(before), last(first)],
    ['other', last(first), last(second)],
    ['one', last(second), last(third)],
  ])('is young from its record on, also when it comes back: %s, behind %i', (model, from, to) => {
    const ages = signalAges(whole, model, from, to);
    expect(ages.length).toBeGreaterThan(5);
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(1);
    expect(Math.min(...ages)).toBeLessThan(1.1);
  });

  test('is as old after a restart anywhere', async () => {
    const around = [findOffset('"other"'), findOffset('"other"') + 1, findOffset('"other"') + 400];
    expect(await appended(log, [1, 700, ...around])).toEqual(whole);
  });

  test('of a checkpoint from before ages were kept is not young', async () => {
    const old = (state: Buffer): Buffer => {
      const control = decodeState<ControlState>(state);
      for (const [key, { since: _, ...model }] of Object.entries(control.models)) {
        control.models[key] = model;
      }
      return encodeState(control);
    };
    const out = await appended(log, [findOffset('"one"') + 1], old);
    const ages = signalAges(out, 'one', last(before), last(first));
    expect(Math.min(...ages)).toBeLessThan(0.1);
  });

  test('whose record came before the first tick is young from that one on', async () => {
    const early = makeLog([
      controlled(FROM, botRecord({ ...bot, young_s: 6 * 3600 })),
      controlled(FROM, modelRecord(AT, 'champion', 'one', 1)),
      ...tradesIn(0, 7),
    ]);
    const firstTs = must(trades[0]).ts;
    for (const restarts of [[], [2], [3]]) {
      const ages = signalAges(await appended(early, restarts), 'one', firstTs - 1, span.toUs);
      expect(Math.min(...ages)).toBeGreaterThanOrEqual(6);
      expect(Math.min(...ages)).toBeLessThan(6.1);
    }
  });
});
