/**
 * decoded ticks of one record -> what ingest says about each, as rows of the batch
 *
 * Ticks of the live log go through ingest; history has no watermark to be held against, and is
 * judged by what is stored.
 */
import { must } from '../../src/assert.ts';
import type { ControlState } from '../../src/domain/control.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import type { Decoded } from '../../src/stream/decode.ts';
import type { InstrumentStates } from '../../src/stream/instrument-states.ts';
import type { LogRecord } from '../../src/stream/stage.ts';
import type { Backfilled } from '../../src/postgres/tables/backfilled.ts';
import {
  toArrival,
  ingest,
  judgeHistory,
  type Arrival,
  type IngestCounts,
  type IngestOut,
  type IngestState,
  type RecordClocks,
} from '../stream/ingest.ts';
import type { LogClock } from '../stream/log-clock.ts';
import { initialFloods, noteIngest, type Floods, type NotePlace, type Notes } from './notes.ts';
import { formatSource, widened } from './sink.ts';

/** What the sink keeps of its partition; floods are absent in states from before they were. */
export type SinkControlState = ControlState & { floods?: Floods };

export interface TicksBatch extends Notes {
  /** By instrument. */
  readonly history: Map<string, Backfilled>;
}

/** What the sink keeps of its partition, as far as ticks change it. */
interface Kept {
  readonly control: SinkControlState;
  readonly clock: LogClock;
  readonly instruments: InstrumentStates<IngestState>;
  readonly counts: IngestCounts;
}

export class SinkTicks {
  private readonly kept: Kept;
  private readonly historyTopic: string;

  constructor(kept: Kept, historyTopic: string) {
    this.kept = kept;
    this.historyTopic = historyTopic;
  }

  /** `judgedByUs`: by which time the record is judged (`log-clock.ts`). */
  take(
    { key, items, positions }: Extract<Decoded, { type: 'ticks' }>,
    record: LogRecord,
    judgedByUs: number,
    batch: TicksBatch,
  ): void {
    const { topic, partition, offset } = record;
    const { control, clock, instruments, counts } = this.kept;
    const clocks = clock.readClocks(record, judgedByUs);
    const slot = topic === this.historyTopic ? null : instruments.change(key);
    const { venue, symbol } = slot ?? must(parseInstrumentKey(key));
    let position: number | null = null;
    const place: NotePlace = {
      instrument: { venue, symbol },
      clockUs: clocks.clockUs,
      importedAt: clocks.importedAt,
      floods: (control.floods ??= initialFloods()),
      source: () => formatSource(topic, partition, String(offset), position),
    };
    const note = (out: IngestOut): void => {
      counts[out.type] += 1;
      noteIngest(out, place, batch);
    };
    for (let i = 0; i < items.length; i++) {
      const tick = must(items[i]);
      position = positions === null ? null : must(positions[i]);
      if (slot === null) takeHistory({ ...clocks, tick }, key, place, batch, note);
      else ingest.step(slot.state, toArrival(tick, clocks, slot), note);
    }
  }
}

/** History is stored as never late; without a claim it is known since it was fed. */
function takeHistory(
  arrival: RecordClocks & Pick<Arrival, 'tick'>,
  key: string,
  { instrument, source }: NotePlace,
  { late, history }: TicksBatch,
  note: (out: IngestOut) => void,
): void {
  const { tick } = arrival;
  if (tick.kind === 'heartbeat') return;
  const judged = judgeHistory(arrival, note);
  if (judged === null) return;
  const { ts } = tick;
  const { knownAt, notedAt } = judged;
  const { importedAt: cameAt } = arrival;
  const about = { source: source(), isHistory: true, importedAt: cameAt };
  late.push({ ...instrument, tick, knownAt, notedAt, ...about });
  // The job that revises looks for what came behind its last look, whatever that claims.
  history.set(key, widened(history.get(key), { instrument: key, ts, knownAt: notedAt }));
}
