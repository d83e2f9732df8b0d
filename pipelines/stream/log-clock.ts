/**
 * clocks of the log -> by which time a record of `ticks` is judged
 *
 * The installation's wall time comes as signed `clock` records in the log itself, so that what is
 * too far ahead is a function of the log, and no producer's clock can move the installation's.
 *
 *     clock C ──── record ──── clock C'
 *
 * A record passes where nothing in it lies more than a minute ahead of C. What lies further ahead
 * may be wrong, or C may be old: after an outage, or in a log from before there were clocks. Where
 * the record's own timestamp shows that C is recent, it is judged by C; else by C', the next clock,
 * and the reader has to look ahead for that one.
 */
import { must } from '../../src/assert.ts';
import {
  AHEAD_MAX_US,
  judgingClock,
  type ClockControl,
  type ControlState,
} from '../../src/domain/control.ts';
import { US_PER_S } from '../../src/domain/time.ts';
import type { Control } from '../../src/domain/wire.ts';
import { decodeTicks, type Decoded, type VerifyControl } from '../../src/stream/decode.ts';
import type { LogRecord } from '../../src/stream/stage.ts';
import { importedAt, type RecordClocks } from './ingest.ts';

/** A record that was made at most this long behind a clock shows that the clock is recent. */
const RECENT_US = 10 * US_PER_S;
/** Before this a record's timestamp has another unit than milliseconds, and shows nothing. */
const YEAR_2000_US = 946_684_800 * US_PER_S;

interface Ahead {
  /** The clock that will be in force behind it. */
  readonly clockUs: number;
  readonly offset: number;
}

/** Of one partition, over the control state that its task keeps. */
export class LogClock {
  private readonly control: ControlState;
  private readonly verify: VerifyControl;
  /** The next clock, once somebody had to look for it. */
  private ahead: Ahead | null = null;

  constructor(control: ControlState, verify: VerifyControl) {
    this.control = control;
    this.verify = verify;
  }

  /** The last clock by place that was not held back, microseconds; 0: there was none. */
  get clockUs(): number {
    return this.control.clock ?? 0;
  }

  /** The same, or one that was held back where that is later: ticks are judged by it. */
  private get nowUs(): number {
    return judgingClock(this.control);
  }

  /**
   * By which time the record at place `at` of a chunk is judged, and what it says with it. Null:
   * the next clock decides, and it lies behind this chunk.
   */
  judge(decoded: Decoded, records: readonly LogRecord[], at: number): number | null {
    const { timestampUs, offset } = must(records[at]);
    const latestTs = latestTime(decoded);
    if (latestTs === null) return this.nowUs;
    const byUs = this.judgeBy(latestTs, timestampUs, offset);
    if (byUs !== null || !this.lookAhead(records.slice(at + 1))) return byUs;
    return this.judgeBy(latestTs, timestampUs, offset);
  }

  /** What the ticks of a record are held against. */
  readClocks(record: LogRecord, judgedByUs: number): RecordClocks {
    const { clockUs } = this;
    const barrierUs = this.control.cut;
    const cameAt = importedAt(record, { clockUs, judgedByUs, barrierUs });
    // Each by its name: a spread takes twice as long, and this is made for every record.
    return { recordUs: record.timestampUs, clockUs, judgedByUs, barrierUs, importedAt: cameAt };
  }

  private judgeBy(latestTs: number, recordUs: number, offset: number): number | null {
    const { nowUs } = this;
    const highest = latestTs > recordUs ? latestTs : recordUs;
    if (highest <= nowUs + AHEAD_MAX_US) return nowUs;
    if (nowUs > 0 && recordUs >= YEAR_2000_US && recordUs <= nowUs + RECENT_US) return nowUs;
    const { ahead } = this;
    return ahead !== null && ahead.offset > offset ? ahead.clockUs : null;
  }

  /** Whether a clock is among the records; then it is known from now on. */
  lookAhead(records: readonly LogRecord[]): boolean {
    for (const { key, value, offset } of records) {
      // Cheap for nearly all: a tick has a key.
      if (key !== null || value === null) continue;
      const decoded = decodeTicks(key, value, this.verify);
      if (decoded.type !== 'control' || decoded.control.type !== 'clock') continue;
      const { ts, held = false } = clockBody(decoded.control);
      const clockUs = held ? Math.max(this.control.clock ?? 0, ts) : ts;
      this.ahead = { clockUs, offset };
      return true;
    }
    return false;
  }
}

/** The highest time of which a record speaks; null: it may say what it will. */
function latestTime(decoded: Decoded): number | null {
  switch (decoded.type) {
    case 'dead':
      // Its own timestamp is in the note about it.
      return 0;
    case 'control':
      return decoded.control.type === 'cut' ? Number(decoded.control.body['value']) : null;
    case 'ticks': {
      let latest = 0;
      for (const { ts } of decoded.items) if (ts > latest) latest = ts;
      return latest;
    }
  }
}

/** What a clock record says; checked by the decoder. */
export const clockBody = ({ body }: Control): ClockControl => body as unknown as ClockControl;

/** Tells of the clock that a checkpoint holds, if any. */
export function reportClock(
  { clock, heldClock }: ControlState,
  report: (clock: ClockControl) => void,
): void {
  if (clock !== undefined) report({ ts: clock });
  if (heldClock !== undefined) report({ ts: heldClock, held: true });
}
