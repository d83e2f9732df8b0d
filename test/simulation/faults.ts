/**
 * What goes wrong in a simulated run: every call to the outside takes a turn and may then end the
 * caller before its effect, with a part of it done, or behind it.
 */
import type { Random } from '../../src/random.ts';
import type { Scheduler } from './scheduler.ts';

/** The process is gone: whoever gets this is dropped with all that it knew. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export interface Effect<T> {
  readonly all: () => T;
  /** As much of it as a crash may leave behind; without it a call is one transaction. */
  readonly part?: () => void;
}

export class Faults {
  /** How often each call was hit, and where: `append during`. */
  readonly hits = new Map<string, number>();
  readonly scheduler: Scheduler;
  readonly random: Random;
  private readonly share: number;
  private left: number;

  /** `share` of the calls crash, `atMost` in all. */
  constructor(scheduler: Scheduler, random: Random, share: number, atMost: number) {
    this.scheduler = scheduler;
    this.random = random;
    this.share = share;
    this.left = atMost;
  }

  async call<T>(name: string, { all, part }: Effect<T>): Promise<T> {
    await this.scheduler.turn();
    const where = this.draw(part !== undefined);
    if (where === null) return all();
    const hit = `${name} ${where}`;
    this.hits.set(hit, (this.hits.get(hit) ?? 0) + 1);
    if (where === 'during') part?.();
    if (where === 'after') all();
    throw new Crash(hit);
  }

  /** Whether something that comes with this probability comes now. */
  happens(share: number): boolean {
    return this.random() < share;
  }

  private draw(hasParts: boolean): 'before' | 'during' | 'after' | null {
    if (this.left === 0 || !this.happens(this.share)) return null;
    this.left -= 1;
    const where = this.random();
    if (hasParts && where < 0.4) return 'during';
    return where < 0.7 ? 'before' : 'after';
  }
}
