/**
 * Puts the installation's clock into the log: signed `clock` records in every partition of `ticks`
 * and `ticks-backfill`, when the process begins and every ten seconds. It needs Kafka and the key,
 * and nothing else; whatever falls due, and what is too far ahead, is decided by these.
 */
import { uptime } from 'node:os';
import { ClockBeat, type MachineTime } from './clock-beat.ts';
import { inEveryPartition } from './outbox.ts';
import { KafkaOutLog } from '../../src/kafka/kafka.ts';
import { nowUs, sleep } from '../../src/clock.ts';
import { untilAborted } from '../../src/lifecycle.ts';
import type { ClockControl } from '../../src/domain/control.ts';
import { US_PER_S } from '../../src/domain/time.ts';
import { signControl } from '../../src/stream/control-key.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import type { Context } from '../../src/runtime/context.ts';
import { countPartitions } from '../../src/runtime/partition-guard.ts';

const LOOK_MS = 250;
/** The log's clocks that checkpoints hold are taken first. */
const OPEN_PATIENCE_MS = 3_000;
const APPEND_PATIENCE_MS = 20_000;

export interface ClockSender {
  /** A clock that came by in the log. */
  readonly heard: (clock: ClockControl) => void;
  /** Somebody waits for the next clock. */
  readonly ask: () => void;
  /** The first partitions are open. */
  readonly opened: () => void;
}

/** Sends until the signal is aborted; one that only observes another run's log sends nothing. */
export function startClock(context: Context, signal: AbortSignal): ClockSender {
  const beat = new ClockBeat();
  let opened = (): void => undefined;
  const isOpen = new Promise<void>((resolve) => {
    opened = resolve;
  });
  if (context.config.outbox === 'send') void sendOnAndOn(context, beat, isOpen, signal);
  return {
    heard: (clock) => beat.heard(clock, machineTime()),
    ask: () => beat.request(),
    opened: () => opened(),
  };
}

const machineTime = (): MachineTime => ({
  wallUs: nowUs(),
  // Goes on while a machine sleeps, which the process's own clock does not.
  uptimeUs: uptime() * US_PER_S,
});

async function sendOnAndOn(
  context: Context,
  beat: ClockBeat,
  isOpen: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const log = new KafkaOutLog(context.kafka, { patienceMs: APPEND_PATIENCE_MS });
  await Promise.race([isOpen, sleep(OPEN_PATIENCE_MS, signal)]);
  const sendDue = async (): Promise<void> => {
    const clock = beat.due(machineTime());
    if (clock !== null) await log.append(await clockRecords(context, clock));
  };
  await untilAborted(sendDue, {
    signal,
    everyMs: LOOK_MS,
    onFailed: (err) =>
      context.log.warn({ err }, 'the clock could not be put into the log, trying again'),
  });
  await log.close().catch(() => undefined);
}

/** The clock for every partition that reads ticks. */
export async function clockRecords(
  { kafka, topicName, controlKey }: Pick<Context, 'kafka' | 'topicName' | 'controlKey'>,
  clock: ClockControl,
): Promise<OutRecord[]> {
  const partitions = await countPartitions(kafka, ['ticks', 'ticks-backfill'].map(topicName));
  const control = signControl(controlKey(), {
    kind: 'control',
    control_id: `clock:${clock.ts}`,
    type: 'clock',
    subject: 'clock',
    body: { ...clock },
  });
  return inEveryPartition(control, partitions, Math.floor(clock.ts / 1000));
}
