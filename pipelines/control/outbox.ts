/**
 * control_outbox -> ticks: appends every due control record to each partition, signed
 *
 * A crash between the append and the note that it was sent appends the record again; the second
 * one has no newer version and is void.
 */
import type { Control } from '../../src/domain/wire.ts';
import { signControl } from '../../src/stream/control-key.ts';
import type { OutLog, OutRecord } from '../../src/stream/stage.ts';

/** A control record that waits in PostgreSQL. */
export interface DueControl {
  readonly seq: number;
  readonly controlId: string;
  readonly type: Control['type'];
  readonly subject: string;
  readonly version: number;
  readonly body: Record<string, unknown>;
}

export interface OutboxDeps {
  readonly due: () => Promise<readonly DueControl[]>;
  readonly markSent: (controls: readonly DueControl[]) => Promise<void>;
  readonly log: OutLog;
  /** What signs now: it may be another one at the next record. */
  readonly key: () => string;
  /** How many partitions a topic has. */
  readonly partitionCount: (topic: string) => number;
  readonly topicName: (name: string) => string;
  readonly nowMs: () => number;
}

/** Sends what is due, oldest first; returns how many records it sent. */
export async function sendDueControls(deps: OutboxDeps): Promise<number> {
  const due = await deps.due();
  if (due.length === 0) return 0;
  await deps.log.append(due.flatMap((control) => toRecords(control, deps)));
  await deps.markSent(due);
  return due.length;
}

function toRecords(due: DueControl, deps: OutboxDeps): OutRecord[] {
  const { controlId, type, subject, version, body } = due;
  const control = signControl(deps.key(), {
    kind: 'control',
    control_id: controlId,
    version,
    type,
    subject,
    body,
  });
  // History obeys the same as-of barriers as the live log.
  const topics = type === 'cut' ? ['ticks', 'ticks-backfill'] : ['ticks'];
  const partitions = topics.map(deps.topicName).map((topic) => [topic, deps.partitionCount(topic)]);
  return inEveryPartition(control, Object.fromEntries(partitions), deps.nowMs());
}

/** The control record for all partitions of the topics, of each of which it says how many. */
export function inEveryPartition(
  control: Control,
  partitions: Readonly<Record<string, number>>,
  timestampMs: number,
): OutRecord[] {
  const record = { key: null, value: JSON.stringify(control), timestampMs };
  return Object.entries(partitions).flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, ...record, partition })),
  );
}
