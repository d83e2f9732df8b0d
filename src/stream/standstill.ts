/**
 * places of the stages, looked at again and again -> the partitions that stand still
 *
 * A partition stands still when there is something to read and its position has not moved for the
 * limit, as far as this observer has seen. So there is no alarm right after the observer's own
 * start, none while nothing comes, and a partition that was taken over gets its time once more:
 * once, because an owner that ends at every start takes it over for ever.
 */
export interface Place {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  /** What the stage has passed. */
  readonly position: number;
  readonly end: number;
  /** Rises with every owner; null where that is not known. */
  readonly epoch: number | null;
}

export interface Standing extends Place {
  readonly forMs: number;
}

interface Seen {
  readonly position: number;
  sinceMs: number;
  epoch: number | null;
  isTakenOver: boolean;
}

export class Standstill {
  private readonly seen = new Map<string, Seen>();
  private readonly limitMs: number;

  constructor(limitMs: number) {
    this.limitMs = limitMs;
  }

  /** `nowMs`: of a clock that only rises. */
  look(places: readonly Place[], nowMs: number): Standing[] {
    return places.flatMap((place) => {
      const forMs = this.unmoved(place, nowMs);
      return forMs >= this.limitMs ? [{ ...place, forMs }] : [];
    });
  }

  /** For a time in which nobody could look: what stood meanwhile has its whole time again. */
  forget(): void {
    this.seen.clear();
  }

  private unmoved({ stage, topic, partition, position, end, epoch }: Place, nowMs: number): number {
    const key = `${stage} ${topic}/${partition}`;
    if (end <= position) {
      this.seen.delete(key);
      return 0;
    }
    const seen = this.seen.get(key);
    if (seen === undefined || seen.position !== position) {
      this.seen.set(key, { position, sinceMs: nowMs, epoch, isTakenOver: false });
      return 0;
    }
    if (epoch !== null && seen.epoch !== epoch) {
      if (seen.epoch !== null && !seen.isTakenOver) {
        seen.isTakenOver = true;
        seen.sinceMs = nowMs;
      }
      seen.epoch = epoch;
    }
    return nowMs - seen.sinceMs;
  }
}

/** In words, and what to look at. */
export const standingText = ({ stage, topic, partition, position, end, forMs }: Standing): string =>
  `${stage} stands still at ${position} of ${end} in ${topic}/${partition} ` +
  `for ${Math.round(forMs / 1000)} s`;
