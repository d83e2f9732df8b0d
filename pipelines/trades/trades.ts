/**
 * signals, fills -> PostgreSQL: signals, orders, fills, trades and the ledger, exactly once
 *
 * One transaction a batch: every row, what follows from it, and the input's position, only while
 * the partition is ours. Signals and fills come on two topics in any order relative to each other;
 * the tables end up the same.
 *
 * A record that cannot be taken goes to `dead-letters`, acknowledged before the position moves, and
 * all others of its batch are booked. A kind that nobody knows is listed with a count.
 */
import { must } from '../../src/assert.ts';
import { plainKind, type DeadPlace, type KindPlace } from '../../src/domain/dead-letter.ts';
import { ClaimedTask, claimPartition, type StageDeps } from '../../src/stream/claimed-task.ts';
import { toMarker } from '../../src/stream/log-marker.ts';
import type { LogRecord, Stage } from '../../src/stream/stage.ts';
import { withHeartbeat } from '../../src/stream/with-heartbeat.ts';
import type { BookRequest, OnRefused } from '../../src/postgres/tables/booking.ts';
import { deadLetterRecord, toPlace, type Dead } from '../sink/dead-letters.ts';
import { decodeBooked, type Booked } from './decode.ts';

export interface TradesDeps extends StageDeps {
  /** Books the batch and moves the position, or nothing of it. */
  readonly book: (request: BookRequest, onRefused: OnRefused) => Promise<'booked' | 'fenced'>;
}

/** So few that a partition with a long way to go is seen to move. */
const RECORDS_MAX = 500;

export const tradesStage = (deps: TradesDeps): Stage => ({
  name: 'trades',
  topics: ['signals', 'fills'],
  recordsMax: RECORDS_MAX,
  open: async (topic, partition) =>
    new TradesTask(deps, await claimPartition(deps, 'trades', topic, partition)),
});

interface Batch {
  readonly records: Booked[];
  /** Of each of the records. */
  readonly sources: LogRecord[];
  readonly dead: Dead[];
  readonly kinds: KindPlace[];
}

class TradesTask extends ClaimedTask<TradesDeps> {
  protected async take(
    records: readonly LogRecord[],
    heartbeat: () => Promise<void>,
  ): Promise<number> {
    const { topic, partition, epoch, deps } = this;
    const last = must(records.at(-1));
    const nextOffset = last.offset + 1;
    const batch: Batch = { records: [], sources: [], dead: [], kinds: [] };
    for (const record of records) this.decode(record, batch);
    const { records: booked, kinds } = batch;
    const marker = toMarker(last);
    const request = { topic, partition, epoch, nextOffset, marker, records: booked, kinds };
    this.endIfFenced(await withHeartbeat(deps.book(request, this.onRefused(batch)), heartbeat));
    return records.length;
  }

  /** None. Bookings save the position too; a checkpoint is for what moves it without a booking. */
  protected state() {
    return { partitionState: Buffer.alloc(0), instrumentStates: new Map<string, Buffer>() };
  }

  protected saved(): void {}

  private decode(source: LogRecord, { records, sources, dead, kinds }: Batch): void {
    const { deps, topic, partition } = this;
    const name = topic === deps.topicName('fills') ? 'fills' : 'signals';
    const decoded = decodeBooked(name, source.key, source.value);
    switch (decoded.type) {
      case 'booked':
        this.count(`in_${decoded.record.kind}`);
        records.push(decoded.record);
        sources.push(source);
        break;
      case 'unknown': {
        this.count('skipped');
        const kind = plainKind(decoded.kind);
        kinds.push({ topic, partition, offset: source.offset, kind, records: 1 });
        break;
      }
      case 'dead':
        dead.push({ source, reason: decoded.reason, detail: decoded.detail });
        break;
    }
  }

  /** A batch that has to be booked again appends no record to `dead-letters` a second time. */
  private onRefused({ sources, dead }: Batch): OnRefused {
    const { deps } = this;
    const kept = new Set<number>();
    return async (refused): Promise<DeadPlace[]> => {
      const all = [
        ...dead,
        ...refused.map(({ index, ...why }) => ({ source: must(sources[index]), ...why })),
      ];
      const fresh = all.filter(({ source }) => !kept.has(source.offset));
      if (fresh.length > 0) {
        await deps.log.append(
          fresh.map((each) => deadLetterRecord(each, deps.topicName('dead-letters'))),
        );
        this.count('dead', fresh.length);
      }
      for (const { source } of fresh) kept.add(source.offset);
      return all.map(toPlace);
    };
  }
}
