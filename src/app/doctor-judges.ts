/**
 * What was measured -> whether it is well: of disk, clocks and topics. Each gives a sentence, or
 * throws what is wrong and what to do.
 */
import { formatUs, US_PER_S } from '../domain/time.ts';

const inGb = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** Room that servers need to go on at all, and room that nobody should go below in peace. */
const NEEDED_BYTES = 1.1e9;
const EASE_BYTES = 20e9;
const EASE_SHARE = 0.05;

export interface Disk {
  readonly path: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export function judgeDisk({ path, freeBytes, totalBytes }: Disk): string {
  const needed = Math.max(NEEDED_BYTES, Math.min(EASE_BYTES, EASE_SHARE * totalBytes));
  const space = `${inGb(freeBytes)} of ${inGb(totalBytes)} are free in ${path}`;
  if (freeBytes >= needed) return space;
  throw new Error(
    `${space}, less than ${inGb(needed)}: free some (tickloom curate clean --help drops old ` +
      'partitions), or move the data directory to a larger disk; a full one stops the servers',
  );
}

/** Further apart than this, what two clocks say can no longer be the way between them. */
const APART_MAX_US = 10 * US_PER_S;
/** The log's clock comes every ten seconds, and through every stage. */
const BEHIND_MAX_US = 60 * US_PER_S;

export interface Clocks {
  readonly wallUs: number;
  readonly postgresUs: number;
  /** The log's clock; null: none has passed yet. */
  readonly logUs: number | null;
  /** A clock that jumped and is held back; null: none is. */
  readonly heldUs: number | null;
}

export function judgeClocks({ wallUs, postgresUs, logUs, heldUs }: Clocks): string {
  const apartUs = wallUs - postgresUs;
  const here = `this machine's clock says ${formatUs(wallUs)}`;
  if (Math.abs(apartUs) > APART_MAX_US) {
    const apart = `${seconds(apartUs)} ${apartUs > 0 ? 'ahead of' : 'behind'} that of PostgreSQL`;
    throw new Error(`${here}, ${apart}: set the wrong one right (NTP)`);
  }
  if (heldUs !== null) {
    throw new Error(
      `a clock that jumped to ${formatUs(heldUs)} is held back: jobs and retention wait. If it ` +
        'is right: tickloom clock accept --yes; if not, set it right',
    );
  }
  if (logUs === null) return `${here}; the log has none yet: start the stages`;
  const behindUs = wallUs - logUs;
  if (behindUs < -APART_MAX_US) {
    throw new Error(
      `${here}, and the log's is ${seconds(behindUs)} ahead (${formatUs(logUs)}): set this one ` +
        'right, or if the log was wrong, wait until its time has come',
    );
  }
  if (behindUs > BEHIND_MAX_US) {
    throw new Error(
      `the log's clock stands at ${formatUs(logUs)}, ${seconds(behindUs)} behind this machine's: ` +
        'nothing falls due meanwhile. Start the stages that send it (stream or sink)',
    );
  }
  return `${here}, the log's ${formatUs(logUs)}`;
}

const seconds = (us: number): string => `${Math.round(Math.abs(us) / US_PER_S)} s`;

export interface TopicBound {
  readonly topic: string;
  /** By age or by size: `retention.ms` or `retention.bytes`. */
  readonly isBound: boolean;
  /** What it takes of the disk; null: the disk is not here. */
  readonly bytes: number | null;
}

/** Age must not bound a topic (a replay of 2014 would go on arrival), so room has to. */
export function judgeBounds(topics: readonly TopicBound[], freeBytes: number | null): string {
  const open = topics.filter(({ isBound }) => !isBound);
  if (open.length === 0) return 'each is bounded by age or size';
  const names = open.map(({ topic }) => topic).join(', ');
  const bytes = open.reduce((sum, topic) => sum + (topic.bytes ?? 0), 0);
  const isSeen = freeBytes !== null && open.every((topic) => topic.bytes !== null);
  if (isSeen && bytes <= freeBytes / 2) {
    return `without a bound, ${inGb(bytes)} in all; ${inGb(freeBytes)} are free`;
  }
  const size = isSeen
    ? `they have ${inGb(bytes)}, and ${inGb(freeBytes)} are free`
    : 'their disk cannot be seen from here';
  throw new Error(
    `${names}: no bound by age or size, and ${size}. Give that disk room, or set retention.bytes ` +
      'of the topic (what no stage has read by then is lost)',
  );
}
