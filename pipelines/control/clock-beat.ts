/**
 * the machine's clocks, and the clocks that come by in the log -> which clock record is due
 *
 * One is due where the log has had none for ten seconds. A wall clock that has jumped against the
 * machine's uptime by more than a minute, or that lies behind what the log has had already, is sent
 * as held: ticks are judged by it as well, so that none is set apart for our own fault, but nothing
 * falls due and nothing goes by it before somebody has accepted it.
 */
import type { ClockControl } from '../../src/domain/control.ts';
import { US_PER_MIN, US_PER_S } from '../../src/domain/time.ts';

const EVERY_US = 10 * US_PER_S;
const JUMP_US = US_PER_MIN;
/** However often one is requested. */
const AT_MOST_EVERY_US = US_PER_S;

/** Both in microseconds; uptime only rises, also while the wall clock is set. */
export interface MachineTime {
  readonly wallUs: number;
  readonly uptimeUs: number;
}

export class ClockBeat {
  /** When both were last as they should be to each other. */
  private base: MachineTime | null = null;
  /** The last clock of the log that was not held. */
  private loggedUs = 0;
  private sentUptimeUs = -Infinity;
  private heardUptimeUs = -Infinity;
  private isRequested = false;

  /** A clock that came by in the log. */
  heard({ ts, held = false, accepted = false }: ClockControl, now: MachineTime): void {
    if (accepted) this.base = now;
    if (held) return;
    this.loggedUs = accepted ? ts : Math.max(this.loggedUs, ts);
    // One of a backlog says nothing of whether another one is needed at its end.
    if (ts > now.wallUs - EVERY_US) this.heardUptimeUs = now.uptimeUs;
  }

  /** Somebody waits for the next clock. */
  request(): void {
    this.isRequested = true;
  }

  /** The clock to be sent now, or null. */
  due(now: MachineTime): ClockControl | null {
    const sinceSentUs = now.uptimeUs - this.sentUptimeUs;
    const sinceAnyUs = Math.min(sinceSentUs, now.uptimeUs - this.heardUptimeUs);
    const isDue = this.isRequested ? sinceSentUs >= AT_MOST_EVERY_US : sinceAnyUs >= EVERY_US;
    if (!isDue) return null;
    this.isRequested = false;
    this.sentUptimeUs = now.uptimeUs;
    this.base ??= now;
    const jumpUs = now.wallUs - this.base.wallUs - (now.uptimeUs - this.base.uptimeUs);
    if (Math.abs(jumpUs) > JUMP_US || now.wallUs < this.loggedUs - JUMP_US) {
      return { ts: now.wallUs, held: true };
    }
    this.base = now;
    return { ts: now.wallUs };
  }
}
