/**
 * A process as its surroundings see it: one that was killed never calls again, and one that was
 * stopped calls later, when others may long have taken its place.
 */
import { Crash, type Caller, type Effect, type Faults } from './faults.ts';

/** Of the crashes as many end the process at once; the others are failures that it is told of. */
const KILLED_SHARE = 0.5;

export class SimulatedProcess implements Caller {
  isDead = false;
  stoppedUntilMs = 0;
  private readonly faults: Faults;

  constructor(faults: Faults) {
    this.faults = faults;
  }

  async call<T>(name: string, effect: Effect<T>): Promise<T> {
    await this.turn();
    try {
      return await this.faults.runEffect(name, effect);
    } catch (error) {
      if (this.faults.happens(KILLED_SHARE)) this.isDead = true;
      throw error;
    }
  }

  /** Waits to be drawn, longer while the process is stopped. */
  async turn(): Promise<void> {
    const { scheduler } = this.faults;
    await scheduler.until(
      () => this.isDead || scheduler.nowMs >= this.stoppedUntilMs,
      () => this.stoppedUntilMs,
    );
    if (this.isDead) throw new Crash('the process is gone');
  }
}
