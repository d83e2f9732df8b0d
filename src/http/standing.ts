/**
 * Looks every few seconds whether a stage stands still, so that `/readyz` can say it at once: how
 * long a position has not moved is seen by looking alone.
 */
import type { Place, Standing } from '../stream/standstill.ts';
import { Standstill } from '../stream/standstill.ts';

const LOOK_MS = 5_000;

export interface StandingOptions {
  /** Rejects while Kafka is away, which is another finding. */
  readonly places: () => Promise<readonly Place[]>;
  readonly limitMs: number;
  readonly monotonicMs: () => number;
}

export class StandingWatch {
  private readonly options: StandingOptions;
  private readonly standstill: Standstill;
  private found: readonly Standing[] = [];
  private looking: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: StandingOptions) {
    this.options = options;
    this.standstill = new Standstill(options.limitMs);
  }

  start(): void {
    const everyMs = Math.min(LOOK_MS, this.options.limitMs / 4);
    this.timer = setInterval(() => void this.look(), everyMs);
    this.timer.unref();
    void this.look();
  }

  /** What stood still at the last look. */
  standing(): readonly Standing[] {
    return this.found;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  private look(): Promise<void> {
    this.looking ??= this.lookNow().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  private async lookNow(): Promise<void> {
    const { places, monotonicMs } = this.options;
    try {
      this.found = this.standstill.look(await places(), monotonicMs());
    } catch {
      this.standstill.forget();
      this.found = [];
    }
  }
}
