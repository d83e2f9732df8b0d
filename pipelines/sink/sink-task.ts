/**
 * The sink's work on one partition: everything of the flow into QuestDB, and a word about whatever
 * is not as it should be
 *
 * For `ticks` it runs the same ingest as the stream and so comes to the same verdicts. Per batch:
 *
 * 1. Decode, and run ingest; rows are collected. A record that may be of the future waits for
 *    the next clock (`log-clock.ts`).
 * 2. Rows of in-time ticks are written and acknowledged, verdicts before ticks.
 * 3. Stale ticks are judged by what is stored now, and written likewise.
 * 4. Dead records, and rows that QuestDB refused, are appended to `dead-letters`.
 * 5. Where control records came by, and from when a model record held, is written back. The
 *    position moves.
 * 6. A little later the sink reports the highest event time of every instrument. A row that can be
 *    read tells them less: what came before it may still be on its way into another table.
 *
 * All of it can be repeated: rows are absorbed by their keys, verdicts are kept by their source.
 */
import { must } from '../../src/assert.ts';
import { applyControl, type ModelControl } from '../../src/domain/control.ts';
import type { DeadPlace, KindPlace } from '../../src/domain/dead-letter.ts';
import { instrumentKey, type Control, type Feature } from '../../src/domain/wire.ts';
import { claimPartition, type Claim } from '../../src/stream/claimed-task.ts';
import { decodeTicks } from '../../src/stream/decode.ts';
import type { LogRecord, OutRecord, Stage } from '../../src/stream/stage.ts';
import { withHeartbeat } from '../../src/stream/with-heartbeat.ts';
import type { Backfilled } from '../../src/postgres/tables/backfilled.ts';
import type { ModelHeld } from '../../src/postgres/tables/model-activations.ts';
import type { ControlPlace } from '../../src/postgres/tables/outbox.ts';
import type { PartitionClock, WrittenPartition } from '../../src/postgres/tables/log-clocks.ts';
import type { StoredWatermark } from '../../src/postgres/tables/stored-watermarks.ts';
import type { FeatureRow } from '../../src/questdb/tables/features.ts';
import type { QuestTable, RowWriter, SqlReader } from '../../src/questdb/table.ts';
import { deadLetterRecord, malformedRow, toPlace } from './dead-letters.ts';
import { ingest, reportCounts, type IngestState } from '../stream/ingest.ts';
import { clockBody } from '../stream/log-clock.ts';
import { TickTask, type TickDeps } from '../stream/tick-task.ts';
import { decodeDerived, unknownTickKinds } from './decode.ts';
import { writeSinkBatch } from './effects.ts';
import { addRow, initialFloods } from './notes.ts';
import { judgeLate } from './late-events.ts';
import { SinkTicks, type SinkControlState, type TicksBatch } from './ticks.ts';
import { WrittenPartitions } from './written.ts';
import { emptySinkRows, predictionRow, addFeatureRows, type SinkRows } from './sink.ts';

export interface SinkDeps extends TickDeps {
  readonly writer: RowWriter;
  readonly reader: SqlReader;
  readonly featuresTable: QuestTable<FeatureRow>;
  readonly modelHeld: (held: readonly ModelHeld[]) => Promise<void>;
  readonly controlsPassed: (places: readonly ControlPlace[]) => Promise<void>;
  readonly stored: (reached: readonly StoredWatermark[]) => Promise<void>;
  readonly backfilled: (parts: readonly Backfilled[]) => Promise<void>;
  /** Called with the log's clock, at most as often as it changes. */
  readonly clockPassed: (place: PartitionClock) => Promise<void>;
  /** Which partitions of tables were written to, and the clock by then. */
  readonly written: (parts: readonly WrittenPartition[]) => Promise<void>;
  readonly noteDead: (places: readonly DeadPlace[]) => Promise<void>;
  readonly noteKinds: (places: readonly KindPlace[]) => Promise<void>;
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
    new SinkTask(deps, await claimPartition(deps, 'sink', topic, partition)),
});

interface Batch extends TicksBatch {
  readonly dead: OutRecord[];
  /** Of each of the dead. */
  readonly places: DeadPlace[];
  readonly kinds: KindPlace[];
  readonly held: ModelHeld[];
  readonly controls: ControlPlace[];
}

class SinkTask extends TickTask<SinkDeps, IngestState, SinkControlState> {
  protected readonly failPoint = 'sink.after_write';
  private readonly written: WrittenPartitions;
  private readonly ticks: SinkTicks;
  private announcedClock = '';
  /** The highest event time of each as it was last reported. */
  private readonly announced = new Map<string, number>();

  constructor(deps: SinkDeps, claim: Claim) {
    super(deps, claim);
    this.written = new WrittenPartitions(deps.featuresTable.name);
    const historyTopic = deps.topicName('ticks-backfill');
    const { control, clock, instruments, counts } = this;
    this.ticks = new SinkTicks({ control, clock, instruments, counts }, historyTopic);
  }

  protected initial(): IngestState {
    return ingest.initial();
  }

  protected async take(
    records: readonly LogRecord[],
    heartbeat: () => Promise<void>,
  ): Promise<number> {
    const { deps } = this;
    const batch = emptyBatch();
    const taken = this.takeAll(records, batch);
    reportCounts(this.counts, this.count);
    await this.write(batch.rows, batch, heartbeat);
    if (batch.late.length > 0) await this.judge(batch, heartbeat);
    await this.bringOut(batch, heartbeat);
    deps.failPoints.pass(this.failPoint, taken);
    return taken;
  }

  override async checkpoint(): Promise<void> {
    // What is remembered nowhere else has to be reported before the position moves over it.
    await this.written.flush(this.deps.written);
    await super.checkpoint();
  }

  async announce(): Promise<void> {
    const reached: StoredWatermark[] = [];
    for (const { key, state } of this.instruments) {
      if (state.maxTs < 0 || state.maxTs === this.announced.get(key)) continue;
      const clockUs = this.clock.clockUs || null;
      reached.push({ instrument: key, reachedTs: state.maxTs, clockUs });
    }
    if (reached.length > 0) await this.deps.stored(reached);
    for (const { instrument, reachedTs } of reached) this.announced.set(instrument, reachedTs);
    await this.announceClock();
  }

  private async announceClock(): Promise<void> {
    const { topic, partition } = this;
    const { clock = null, heldClock = null } = this.control;
    const now = `${clock}|${heldClock}`;
    if (now === this.announcedClock || (clock === null && heldClock === null)) return;
    await this.deps.clockPassed({ topic, partition, clockUs: clock, heldUs: heldClock });
    this.announcedClock = now;
  }

  /** Dead letters, and what is reported of the batch. */
  private async bringOut(batch: Batch, heartbeat: () => Promise<void>): Promise<void> {
    const { log, noteDead, noteKinds, controlsPassed, modelHeld, backfilled } = this.deps;
    const { dead, places, kinds, controls, held, history } = batch;
    const noted = async <T>(
      note: (all: readonly T[]) => Promise<void>,
      all: readonly T[],
    ): Promise<void> => {
      if (all.length > 0) await withHeartbeat(note(all), heartbeat);
    };
    if (dead.length > 0) await log.append(dead);
    await noted(noteDead, places);
    await noted(noteKinds, kinds);
    await noted(controlsPassed, controls);
    await noted(modelHeld, held);
    await noted(backfilled, [...history.values()]);
  }

  private async judge(batch: Batch, heartbeat: () => Promise<void>): Promise<void> {
    const rows = emptySinkRows();
    const counts = await withHeartbeat(judgeLate(this.deps.reader, batch.late, rows), heartbeat);
    for (const [verdict, n] of Object.entries(counts)) this.count(verdict, n);
    await this.write(rows, batch, heartbeat);
  }

  private async write(
    rows: SinkRows,
    { dead, places }: Batch,
    heartbeat: () => Promise<void>,
  ): Promise<void> {
    const { writer, featuresTable } = this.deps;
    this.written.note(rows, this.clock.clockUs);
    const refused = await writeSinkBatch(writer, featuresTable, rows, { heartbeat });
    for (const { table, row, message } of refused) {
      this.count('refused');
      dead.push({
        topic: this.deps.topicName('dead-letters'),
        key: null,
        value: JSON.stringify(row),
        timestampMs: 0,
        headers: { reason: 'refused_by_questdb', table, detail: message.slice(0, 500) },
      });
      const at = { topic: `table ${table}`, partition: 0, offset: null };
      places.push({ ...at, reason: 'refused_by_questdb', detail: message });
    }
  }

  /** Returns how many were taken: all, or those in front of one that waits for a clock. */
  private takeAll(records: readonly LogRecord[], batch: Batch): number {
    const { topicName } = this.deps;
    const isTicks = this.topic === topicName('ticks') || this.topic === topicName('ticks-backfill');
    let taken = 0;
    for (; taken < records.length; taken++) {
      if (!isTicks) this.takeDerived(must(records[taken]), batch);
      else if (!this.takeTicks(records, taken, batch)) break;
    }
    batch.rows.quality_events.push(...batch.sums.values());
    return taken;
  }

  /** False: the record waits for the next clock. */
  private takeTicks(records: readonly LogRecord[], at: number, batch: Batch): boolean {
    const record = must(records[at]);
    const decoded = decodeTicks(record.key, record.value, this.deps.verifyControl);
    const byUs = this.clock.judge(decoded, records, at);
    if (byUs === null) return false;
    switch (decoded.type) {
      case 'dead':
        this.deadLetter(record, decoded.reason, decoded.detail, batch, byUs);
        break;
      case 'control':
        this.takeControl(decoded.control, record, byUs, batch);
        break;
      case 'ticks':
        if (decoded.skipped > 0) batch.kinds.push(...unknownTickKinds(record));
        if (decoded.items.length > 0) this.ticks.take(decoded, record, byUs, batch);
        break;
    }
    return true;
  }

  private takeControl(
    control: Control,
    { topic, partition, offset }: LogRecord,
    byUs: number,
    batch: Batch,
  ): void {
    if (control.type === 'clock') {
      applyControl(this.control, control);
      this.deps.clockSeen(clockBody(control));
      return;
    }
    if (topic === this.deps.topicName('ticks')) {
      batch.controls.push({ controlId: control.control_id, partition, offset });
    }
    if (!applyControl(this.control, control, { byUs }) || control.type !== 'model') return;
    const model = control.body as unknown as ModelControl;
    const { maxTs = -1 } = this.instruments.find(instrumentKey(model))?.state ?? {};
    // Only the partition on which the instrument lives can say from when the record held.
    if (maxTs < 0) return;
    batch.held.push({ controlId: control.control_id, model, fromTs: maxTs + 1 });
  }

  /** A value without a column would vanish in silence. */
  private takeFeature(feature: Feature, record: LogRecord, batch: Batch): void {
    const { columns } = this.deps.featuresTable;
    const strange = Object.keys(feature.values).find((name) => !Object.hasOwn(columns, name));
    if (strange === undefined) addFeatureRows(batch.rows, feature);
    else
      this.deadLetter(
        record,
        'newer_version',
        `no column for "${strange}": update the sink`,
        batch,
      );
  }

  private takeDerived(record: LogRecord, batch: Batch): void {
    const name = record.topic === this.deps.topicName('features') ? 'feature' : 'prediction';
    const decoded = decodeDerived(name, record.key, record.value);
    switch (decoded.type) {
      case 'feature':
        this.takeFeature(decoded.record, record, batch);
        break;
      case 'prediction':
        batch.rows.predictions.push(predictionRow(decoded.record));
        break;
      case 'unknown': {
        const { topic, partition, offset } = record;
        batch.kinds.push({ topic, partition, offset, kind: decoded.kind, records: 1 });
        break;
      }
      case 'dead':
        this.deadLetter(record, decoded.reason, decoded.detail, batch);
        break;
    }
  }

  /** `byUs`: by which clock its timestamp is bounded in the note about it. */
  private deadLetter(
    source: LogRecord,
    reason: string,
    detail: string,
    batch: Batch,
    byUs = this.clock.clockUs,
  ): void {
    this.count('dead');
    const dead = { source, reason, detail };
    batch.dead.push(deadLetterRecord(dead, this.deps.topicName('dead-letters')));
    batch.places.push(toPlace(dead));
    const floods = (this.control.floods ??= initialFloods());
    addRow(malformedRow(dead, byUs), { floods, clockUs: this.clock.clockUs }, batch);
  }
}

const emptyBatch = (): Batch => ({
  rows: emptySinkRows(),
  late: [],
  sums: new Map(),
  dead: [],
  places: [],
  kinds: [],
  held: [],
  controls: [],
  history: new Map(),
});
