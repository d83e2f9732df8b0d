/**
 * The sink's work on one partition: everything of the flow into QuestDB, and a word about whatever
 * is not as it should be
 *
 * For `ticks` it runs the same intake as the stream and so comes to the same verdicts. Per batch:
 *
 * 1. Decode, and run the intake; rows are collected.
 * 2. Rows of in-time ticks are written and acknowledged, verdicts before ticks.
 * 3. Stale ticks are judged by what is stored now, and written likewise.
 * 4. Dead records, and rows that QuestDB refused, are appended to `dead-letters`.
 * 5. Where control records came by, and from when a model record held, is written back. The
 *    position moves.
 * 6. A little later others are told the highest event time of every instrument. A row that can be
 *    read tells them less: what came before it may still be on its way into another table.
 *
 * All of it can be repeated: rows are absorbed by their keys, verdicts are kept by their source.
 */
import { must } from '../src/assert.ts';
import {
  applyControl,
  initialControlState,
  type ControlState,
  type ModelControl,
} from '../src/domain/control.ts';
import type { DeadPlace, KindPlace } from '../src/domain/dead-letter.ts';
import { instrumentOf, keyOf, type Control, type Feature } from '../src/domain/wire.ts';
import { decodeTicks, type Decoded, type Item } from '../src/stream/decode.ts';
import type { FailPoints } from '../src/stream/fail-point.ts';
import { InstrumentStates, type InstrumentSlot } from '../src/stream/instrument-states.ts';
import {
  FencedError,
  type Checkpoint,
  type CheckpointStore,
  type LogRecord,
  type OutLog,
  type OutRecord,
  type PartitionTask,
  type Stage,
} from '../src/stream/stage.ts';
import { decodeState, encodeState } from '../src/stream/state-codec.ts';
import { whileBeating } from '../src/stream/while-beating.ts';
import type { Backfilled } from '../src/tables/postgres/backfilled.ts';
import type { ModelHeld } from '../src/tables/postgres/model-activations.ts';
import type { ControlPlace } from '../src/tables/postgres/outbox.ts';
import type { StoredWatermark } from '../src/tables/postgres/stored-watermarks.ts';
import type { FeatureRow } from '../src/tables/questdb/features.ts';
import type { QuestTable, RowWriter, SqlReader } from '../src/tables/questdb/table.ts';
import { buried, malformedRow, placeOf } from './dead-letters.ts';
import { initialCounts, intake, tellCounts, type IntakeOut, type IntakeState } from './intake.ts';
import { decodeDerived, unknownTickKinds } from './sink-decode.ts';
import { writeSinkBatch } from './sink-effects.ts';
import { judgeStale } from './sink-stale.ts';
import {
  contentOf,
  correctionRow,
  emptySinkRows,
  gapRow,
  qualityRow,
  rowOfHeartbeat,
  rowOfPrediction,
  rowsOfFeature,
  rowsOfTick,
  sourceOf,
  widened,
  type SinkRows,
  type StaleTick,
} from './sink.ts';

export interface SinkDeps {
  readonly latenessUs: number;
  readonly log: OutLog;
  readonly checkpoints: CheckpointStore;
  readonly writer: RowWriter;
  readonly reader: SqlReader;
  readonly featuresTable: QuestTable<FeatureRow>;
  readonly verifyControl: (control: Control) => boolean;
  readonly modelHeld: (held: readonly ModelHeld[]) => Promise<void>;
  readonly controlsPassed: (places: readonly ControlPlace[]) => Promise<void>;
  readonly stored: (reached: readonly StoredWatermark[]) => Promise<void>;
  readonly backfilled: (parts: readonly Backfilled[]) => Promise<void>;
  readonly noteDead: (places: readonly DeadPlace[]) => Promise<void>;
  readonly noteKinds: (places: readonly KindPlace[]) => Promise<void>;
  readonly topicOf: (name: string) => string;
  readonly failPoints: FailPoints;
  readonly count: (what: string, n?: number) => void;
}

/** All of a large fetch: a row costs QuestDB four times as much in small requests. */
const RECORDS_MAX = 100_000;
const FETCH_BYTES = 8 * 1024 * 1024;

export const sinkStage = (deps: SinkDeps): Stage => ({
  name: 'sink',
  topics: ['ticks', 'ticks-backfill', 'features', 'predictions'],
  recordsMax: RECORDS_MAX,
  fetchBytes: FETCH_BYTES,
  open: async (topic, partition) =>
    new SinkTask(deps, topic, partition, await deps.checkpoints.claim(topic, partition)),
});

interface Batch {
  readonly rows: SinkRows;
  readonly stale: StaleTick[];
  readonly dead: OutRecord[];
  /** Of each of the dead. */
  readonly places: DeadPlace[];
  readonly kinds: KindPlace[];
  readonly held: ModelHeld[];
  readonly controls: ControlPlace[];
  /** By instrument. */
  readonly history: Map<string, Backfilled>;
}

/** Where something stands: an item of a frame at its position. */
interface Place {
  readonly record: LogRecord;
  readonly position: number | null;
}

const sourceAt = ({ record: { topic, partition, offset }, position }: Place): string =>
  sourceOf(topic, partition, String(offset), position);

class SinkTask implements PartitionTask {
  position: number;
  private readonly deps: SinkDeps;
  private readonly topic: string;
  private readonly partition: number;
  private readonly epoch: number;
  private readonly control: ControlState;
  private readonly instruments: InstrumentStates<IntakeState>;
  /** The highest event time of each as it was last told. */
  private readonly announced = new Map<string, number>();
  /** Of the records in hand; told at their end, because a metric is no matter for every tick. */
  private readonly counts = initialCounts();

  constructor(deps: SinkDeps, topic: string, partition: number, checkpoint: Checkpoint) {
    this.deps = deps;
    this.topic = topic;
    this.partition = partition;
    this.epoch = checkpoint.epoch;
    this.position = checkpoint.nextOffset;
    this.control =
      checkpoint.partitionState === null
        ? initialControlState()
        : decodeState(checkpoint.partitionState);
    this.instruments = new InstrumentStates(
      () => intake.initial(),
      deps.latenessUs,
      checkpoint.instrumentStates,
    );
  }

  async process(records: readonly LogRecord[], beat: () => Promise<void>): Promise<void> {
    const { deps } = this;
    const batch = emptyBatch();
    for (const record of records) this.take(record, batch);
    tellCounts(this.counts, deps.count);
    await this.write(batch.rows, batch, beat);
    if (batch.stale.length > 0) await this.judge(batch, beat);
    await this.bringOut(batch, beat);
    if (batch.controls.length > 0) await whileBeating(deps.controlsPassed(batch.controls), beat);
    if (batch.held.length > 0) await whileBeating(deps.modelHeld(batch.held), beat);
    if (batch.history.size > 0) {
      await whileBeating(deps.backfilled([...batch.history.values()]), beat);
    }
    this.position = must(records.at(-1)).offset + 1;
    deps.failPoints.pass('sink.after_write', records.length);
  }

  async checkpoint(): Promise<void> {
    const instrumentStates = this.instruments.changed();
    const { topic, partition, epoch, position } = this;
    const partitionState = encodeState(this.control);
    const write = { epoch, nextOffset: position, partitionState, instrumentStates };
    const outcome = await this.deps.checkpoints.save(topic, partition, write);
    if (outcome === 'fenced') throw new FencedError('sink', topic, partition);
    this.instruments.saved();
    this.deps.failPoints.committed('sink.after_write');
  }

  async announce(): Promise<void> {
    const reached: StoredWatermark[] = [];
    for (const { key, state } of this.instruments) {
      if (state.maxTs < 0 || state.maxTs === this.announced.get(key)) continue;
      reached.push({ instrument: key, reachedTs: state.maxTs });
    }
    if (reached.length > 0) await this.deps.stored(reached);
    for (const { instrument, reachedTs } of reached) this.announced.set(instrument, reachedTs);
  }

  private async bringOut({ dead, places, kinds }: Batch, beat: () => Promise<void>): Promise<void> {
    const { log, noteDead, noteKinds } = this.deps;
    if (dead.length > 0) {
      await log.append(dead);
      await whileBeating(noteDead(places), beat);
    }
    if (kinds.length > 0) await whileBeating(noteKinds(kinds), beat);
  }

  private async judge(batch: Batch, beat: () => Promise<void>): Promise<void> {
    const rows = emptySinkRows();
    const counts = await whileBeating(judgeStale(this.deps.reader, batch.stale, rows), beat);
    for (const [verdict, n] of Object.entries(counts)) this.deps.count(`stale_${verdict}`, n);
    await this.write(rows, batch, beat);
  }

  private async write(
    rows: SinkRows,
    { dead, places }: Batch,
    beat: () => Promise<void>,
  ): Promise<void> {
    const { writer, featuresTable } = this.deps;
    const refused = await writeSinkBatch(writer, featuresTable, rows, { heartbeat: beat });
    for (const { table, row, message } of refused) {
      this.deps.count('rows_refused');
      dead.push({
        topic: this.deps.topicOf('dead-letters'),
        key: null,
        value: JSON.stringify(row),
        timestampMs: 0,
        headers: { reason: 'refused_by_questdb', table, detail: message.slice(0, 500) },
      });
      const at = { topic: `table ${table}`, partition: 0, offset: null };
      places.push({ ...at, reason: 'refused_by_questdb', detail: message });
    }
  }

  private take(record: LogRecord, batch: Batch): void {
    const { topicOf } = this.deps;
    switch (record.topic) {
      case topicOf('ticks'):
      case topicOf('ticks-backfill'):
        this.takeTicks(record, batch);
        break;
      default:
        this.takeDerived(record, batch);
        break;
    }
  }

  private takeTicks(record: LogRecord, batch: Batch): void {
    const decoded = decodeTicks(record.key, record.value, this.deps.verifyControl);
    switch (decoded.type) {
      case 'dead':
        this.bury(record, decoded.reason, decoded.detail, batch);
        break;
      case 'control':
        this.takeControl(decoded.control, record, batch);
        break;
      case 'ticks':
        if (decoded.skipped > 0) batch.kinds.push(...unknownTickKinds(record));
        if (decoded.items.length === 0) break;
        this.takeItems(decoded, record, batch);
        break;
    }
  }

  private takeItems(
    { key, items, positions }: Extract<Decoded, { type: 'ticks' }>,
    record: LogRecord,
    batch: Batch,
  ): void {
    const isHistory = record.topic === this.deps.topicOf('ticks-backfill');
    const instrument = isHistory ? null : this.instruments.change(key);
    for (let i = 0; i < items.length; i++) {
      const place = { record, position: positions === null ? null : must(positions[i]) };
      if (instrument === null) this.takeHistory(must(items[i]), key, place, batch);
      else this.takeItem(instrument, must(items[i]), place, batch);
    }
  }

  private takeItem(
    instrument: InstrumentSlot<IntakeState>,
    tick: Item,
    place: Place,
    batch: Batch,
  ): void {
    const { latenessUs, contiguousTradeIds, state } = instrument;
    const recordUs = place.record.timestampUs;
    const arrival = { tick, recordUs, cutUs: this.control.cut, latenessUs, contiguousTradeIds };
    intake.step(state, arrival, (out) => this.note(out, instrument, place, batch));
  }

  private note(
    out: IntakeOut,
    { venue, symbol }: InstrumentSlot<IntakeState>,
    place: Place,
    { rows, stale }: Batch,
  ): void {
    this.counts[out.type] += 1;
    const instrument = { venue, symbol };
    switch (out.type) {
      case 'new':
        rowsOfTick(rows, out.tick, out.knownAt, instrument);
        break;
      case 'heartbeat':
        rows.heartbeats.push(rowOfHeartbeat(out.ts, out.knownAt, instrument));
        break;
      case 'stale': {
        const { tick, knownAt } = out;
        stale.push({ ...instrument, tick, knownAt, source: sourceAt(place), isHistory: false });
        break;
      }
      case 'correction': {
        const { tick, knownAt, kept } = out;
        const seen = { ...instrument, tick, knownAt, source: sourceAt(place) };
        rows.quality_events.push(correctionRow(seen, contentOf(kept)));
        break;
      }
      case 'future': {
        const at = { ts: out.tick.ts, knownAt: out.knownAt, source: sourceAt(place) };
        const content = out.tick.kind === 'heartbeat' ? {} : contentOf(out.tick);
        const detail = { tick: out.tick.kind, ...content };
        rows.quality_events.push(qualityRow('future', at, instrument, detail));
        break;
      }
      case 'gap':
        rows.quality_events.push(gapRow(out.gap, out.moment, instrument, sourceAt(place)));
        break;
      default:
        // Duplicates are counted; ordered ticks and watermarks are the stream's.
        break;
    }
  }

  /** History is stored as neither stale nor late; it was not known before it was fed. */
  private takeHistory(tick: Item, key: string, place: Place, { stale, history }: Batch): void {
    if (tick.kind === 'heartbeat') return;
    const { ts } = tick;
    const knownAt = Math.max(place.record.timestampUs, ts, this.control.cut + 1);
    const source = sourceAt(place);
    stale.push({ ...must(instrumentOf(key)), tick, knownAt, source, isHistory: true });
    history.set(key, widened(history.get(key), { instrument: key, ts, knownAt }));
  }

  private takeControl(
    control: Control,
    { topic, partition, offset }: LogRecord,
    batch: Batch,
  ): void {
    if (topic === this.deps.topicOf('ticks')) {
      batch.controls.push({ controlId: control.control_id, partition, offset });
    }
    if (!applyControl(this.control, control) || control.type !== 'model') return;
    const model = control.body as unknown as ModelControl;
    const { maxTs = -1 } = this.instruments.find(keyOf(model))?.state ?? {};
    // Only the partition on which the instrument lives can say from when the record held.
    if (maxTs < 0) return;
    batch.held.push({ controlId: control.control_id, model, fromTs: maxTs + 1 });
  }

  /** A value without a column would vanish in silence. */
  private takeFeature(feature: Feature, record: LogRecord, batch: Batch): void {
    const { columns } = this.deps.featuresTable;
    const strange = Object.keys(feature.values).find((name) => !Object.hasOwn(columns, name));
    if (strange === undefined) rowsOfFeature(batch.rows, feature);
    else this.bury(record, 'newer_version', `no column for "${strange}": update the sink`, batch);
  }

  private takeDerived(record: LogRecord, batch: Batch): void {
    const name = record.topic === this.deps.topicOf('features') ? 'feature' : 'prediction';
    const decoded = decodeDerived(name, record.key, record.value);
    switch (decoded.type) {
      case 'feature':
        this.takeFeature(decoded.record, record, batch);
        break;
      case 'prediction':
        batch.rows.predictions.push(rowOfPrediction(decoded.record));
        break;
      case 'unknown': {
        const { topic, partition, offset } = record;
        batch.kinds.push({ topic, partition, offset, kind: decoded.kind, records: 1 });
        break;
      }
      case 'dead':
        this.bury(record, decoded.reason, decoded.detail, batch);
        break;
    }
  }

  private bury(source: LogRecord, reason: string, detail: string, batch: Batch): void {
    this.deps.count('records_dead');
    const dead = { source, reason, detail };
    batch.dead.push(buried(dead, this.deps.topicOf('dead-letters')));
    batch.places.push(placeOf(dead));
    batch.rows.quality_events.push(malformedRow(dead));
  }
}

const emptyBatch = (): Batch => ({
  ...{ rows: emptySinkRows(), stale: [], dead: [], places: [], kinds: [] },
  ...{ held: [], controls: [], history: new Map() },
});
