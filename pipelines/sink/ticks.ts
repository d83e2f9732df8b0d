/**
 * decoded ticks of one record -> what ingest says about each, as rows of the batch
 *
 * Ticks of the live log go through ingest; history has no watermark to be held against, and is
 * judged by what is stored.
 */
import { must } from '../../src/assert.ts';
import type { ControlState } from '../../src/domain/control.ts';
import { instrumentOf } from '../../src/domain/wire.ts';
import type { Decoded } from '../../src/stream/decode.ts';
import type { InstrumentStates } from '../../src/stream/instrument-states.ts';
import type { LogRecord } from '../../src/stream/stage.ts';
import type { Backfilled } from '../../src/postgres/tables/backfilled.ts';
import {
  importedAt,
  ingest,
  judgeHistory,
  type Arrival,
  type IngestCounts,
  type IngestOut,
  type IngestState,
} from '../stream/ingest.ts';
import type { LogClock } from '../stream/log-clock.ts';
import { initialFloods, noteIngest, type Floods, type NotePlace, type Notes } from './notes.ts';
import { sourceOf, widened } from './sink.ts';

/** What the sink keeps of its partition; floods are absent in states from before they were. */
export type SinkControlState = ControlState & { floods?: Floods };

export interface TicksBatch extends Notes {
  /** By instrument. */
  readonly history: Map<string, Backfilled>;
}

type Clocks = Pick<Arrival, 'recordUs' | 'clockUs' | 'judgedByUs' | 'barrierUs'> & {
  readonly importedAt: number | null;
};

export class SinkTicks {
  private readonly control: SinkControlState;
  private readonly clock: LogClock;
  private readonly instruments: InstrumentStates<IngestState>;
  private readonly counts: IngestCounts;
  private readonly historyTopic: string;

  constructor(
    control: SinkControlState,
    clock: LogClock,
    instruments: InstrumentStates<IngestState>,
    counts: IngestCounts,
    historyTopic: string,
  ) {
    this.control = control;
    this.clock = clock;
    this.instruments = instruments;
    this.counts = counts;
    this.historyTopic = historyTopic;
  }

  /** `judgedByUs`: by which time the record is judged (`log-clock.ts`). */
  take(
    { key, items, positions }: Extract<Decoded, { type: 'ticks' }>,
    record: LogRecord,
    judgedByUs: number,
    batch: TicksBatch,
  ): void {
    const { topic, partition, offset, timestampUs: recordUs } = record;
    const log = { clockUs: this.clock.clockUs, judgedByUs, barrierUs: this.control.cut };
    const clocks = { recordUs, ...log, importedAt: importedAt(record, log) };
    const slot = topic === this.historyTopic ? null : this.instruments.change(key);
    const { venue, symbol } = slot ?? must(instrumentOf(key));
    let position: number | null = null;
    const place: NotePlace = {
      instrument: { venue, symbol },
      clockUs: clocks.clockUs,
      importedAt: clocks.importedAt,
      floods: (this.control.floods ??= initialFloods()),
      source: () => sourceOf(topic, partition, String(offset), position),
    };
    const note = (out: IngestOut): void => {
      this.counts[out.type] += 1;
      noteIngest(out, place, batch);
    };
    for (let i = 0; i < items.length; i++) {
      const tick = must(items[i]);
      position = positions === null ? null : must(positions[i]);
      if (slot === null) {
        takeHistory({ ...clocks, tick }, key, place, batch, note);
      } else {
        const { latenessUs, contiguousTradeIds, state } = slot;
        const { clockUs, barrierUs, importedAt: importTs } = clocks;
        // A spread here would cost more than the step itself: it is taken at every tick.
        const arrival = {
          tick,
          recordUs,
          clockUs,
          judgedByUs,
          barrierUs,
          importedAt: importTs,
          latenessUs,
          contiguousTradeIds,
        };
        ingest.step(state, arrival, note);
      }
    }
  }
}

/** History is stored as never late; without a claim it is known since it was fed. */
function takeHistory(
  arrival: Clocks & Pick<Arrival, 'tick'>,
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
  const { knownAt, toldAt } = judged;
  const { importedAt: cameAt } = arrival;
  const about = { source: source(), isHistory: true, importedAt: cameAt };
  late.push({ ...instrument, tick, knownAt, toldAt, ...about });
  // The job that revises looks for what came behind its last look, whatever that claims.
  history.set(key, widened(history.get(key), { instrument: key, ts, knownAt: toldAt }));
}
