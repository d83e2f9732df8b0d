/**
 * The stream's work on one partition: records in, derived records appended, state in checkpoints.
 *
 * 1. Decode; dead records are skipped here, by the same validator by which the sink records them.
 *    A record that may be of the future waits for the next clock (`log-clock.ts`).
 * 2. Control records change the partition's control state; one that names a model is passed only
 *    once that model is loaded, so the record's place alone says who decides.
 * 3. Ticks go through their instrument's chain.
 * 4. What came out is appended and acknowledged; the position moves.
 * 5. Now and then a checkpoint saves changed instruments, control state and position together.
 *
 * A crash between 4 and 5 repeats the same bytes from the last checkpoint on.
 */
import { must } from '../../src/assert.ts';
import { applyControl, noteFirstTick, type ModelControl } from '../../src/domain/control.ts';
import { instrumentKey, type Control } from '../../src/domain/wire.ts';
import type { ServingModel } from '../../src/learning/serving-model.ts';
import { claimPartition } from '../../src/stream/claimed-task.ts';
import { decodeTicks, type Item } from '../../src/stream/decode.ts';
import type { InstrumentSlot } from '../../src/stream/instrument-states.ts';
import type { LogRecord, OutRecord, Stage } from '../../src/stream/stage.ts';
import { withHeartbeat } from '../../src/stream/with-heartbeat.ts';
import { toArrival, reportCounts, type Arrival } from './ingest.ts';
import { clockBody } from './log-clock.ts';
import {
  instrumentStream,
  type Derived,
  type InstrumentState,
  type StreamSettings,
} from './stream.ts';
import { TickTask, type TickDeps } from './tick-task.ts';

/** Where models come from; resolves once the model is at hand, however long that takes. */
export interface ModelSource {
  load(modelId: string, sha256: string): Promise<ServingModel>;
}

export interface StreamDeps extends TickDeps {
  readonly settings: StreamSettings;
  readonly models: ModelSource;
}

export const streamStage = (deps: StreamDeps): Stage => ({
  name: 'stream',
  topics: ['ticks'],
  open: async (topic, partition) => {
    const task = new StreamTask(deps, await claimPartition(deps, 'stream', topic, partition));
    await task.loadModels();
    return task;
  },
});

class StreamTask extends TickTask<StreamDeps, InstrumentState> {
  protected readonly failPoint = 'stream.after_append';
  /** What the records in hand give, and how it gets there: a function made once. */
  private out: OutRecord[] = [];
  private readonly emit = (derived: Derived): void => {
    this.out.push(this.outRecord(derived));
  };
  private readonly models = new Map<string, ServingModel>();
  private readonly chain = instrumentStream(this.deps.settings, (type) => {
    this.counts[type] += 1;
  });

  async loadModels(): Promise<void> {
    for (const model of Object.values(this.control.models)) await this.loadModel(model);
  }

  protected initial(): InstrumentState {
    return this.chain.initial();
  }

  protected async take(
    records: readonly LogRecord[],
    heartbeat: () => Promise<void>,
  ): Promise<number> {
    const out = (this.out = []);
    let taken = 0;
    for (; taken < records.length; taken++) {
      const record = must(records[taken]);
      const decoded = decodeTicks(record.key, record.value, this.deps.verifyControl);
      const byUs = this.clock.judge(decoded, records, taken);
      if (byUs === null) break;
      switch (decoded.type) {
        case 'dead':
          this.count('dead');
          break;
        case 'control':
          await this.takeControl(decoded.control, byUs, heartbeat);
          break;
        case 'ticks':
          this.takeItems(decoded.key, decoded.items, record, byUs);
          break;
      }
    }
    reportCounts(this.counts, this.count);
    if (out.length > 0) await withHeartbeat(this.deps.log.append(out), heartbeat);
    this.deps.failPoints.pass(this.failPoint, taken);
    return taken;
  }

  private takeItems(
    key: string,
    items: readonly Item[],
    record: LogRecord,
    judgedByUs: number,
  ): void {
    if (items.length === 0) return;
    const instrument = this.instruments.change(key);
    const clocks = this.clock.readClocks(record, judgedByUs);
    for (const item of items) this.takeItem(instrument, toArrival(item, clocks, instrument));
  }

  private takeItem(
    { venue, symbol, state }: InstrumentSlot<InstrumentState>,
    arrival: Arrival,
  ): void {
    const { control, getModel } = this;
    const isUnseen = state.intake.maxTs < 0;
    this.chain.step(state, { venue, symbol, arrival, control, getModel }, this.emit);
    if (isUnseen && state.intake.maxTs >= 0) {
      noteFirstTick(control, { venue, symbol }, state.intake.maxTs);
    }
  }

  private async takeControl(
    control: Control,
    byUs: number,
    heartbeat: () => Promise<void>,
  ): Promise<void> {
    if (control.type === 'clock') this.deps.clockSeen(clockBody(control));
    let seenTs = -1;
    if (control.type === 'model') {
      const model = control.body as unknown as ModelControl;
      if (model.state !== 'retired') await withHeartbeat(this.loadModel(model), heartbeat);
      seenTs = this.instruments.find(instrumentKey(model))?.state.intake.maxTs ?? -1;
    }
    const taken = applyControl(this.control, control, { seenTs, byUs });
    this.count(taken ? 'controls_taken' : 'controls_void');
  }

  private async loadModel({ model_id, sha256 }: ModelControl): Promise<void> {
    if (this.models.has(model_id)) return;
    this.models.set(model_id, await this.deps.models.load(model_id, sha256));
  }

  private readonly getModel = (modelId: string): ServingModel =>
    must(this.models.get(modelId), `model "${modelId}" is in force and not loaded`);

  private outRecord(derived: Derived): OutRecord {
    const { topic, key, atUs } = recordAddress(derived);
    this.count(`out_${derived.kind}`);
    return {
      topic: this.deps.topicName(topic),
      key,
      value: JSON.stringify(derived),
      timestampMs: Math.floor(atUs / 1000),
    };
  }
}

function recordAddress(derived: Derived): { topic: string; key: string; atUs: number } {
  switch (derived.kind) {
    case 'feature':
      return { topic: 'features', key: instrumentKey(derived), atUs: derived.known_at };
    case 'prediction':
      return { topic: 'predictions', key: instrumentKey(derived), atUs: derived.known_at };
    case 'signal':
      return { topic: 'signals', key: instrumentKey(derived), atUs: derived.known_at };
    case 'signal_end':
      return { topic: 'signals', key: instrumentKey(derived), atUs: derived.ts };
    case 'refusal':
      return { topic: 'signals', key: instrumentKey(derived), atUs: derived.last_ts };
    case 'fill':
      return { topic: 'fills', key: derived.account, atUs: derived.ts };
  }
}
