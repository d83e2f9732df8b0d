/**
 * What goes wrong in a simulated run: every call to the outside takes a turn and may then end the
 * caller before its effect, with a part of it done, or behind it. Where a client would send again
 * after an answer was lost, the effect may also come twice.
 */
import type { Random } from '../../src/random.ts';
import type { Scheduler } from './scheduler.ts';

/** The call has failed for its caller, whatever became of its effect. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export interface Effect<T> {
  readonly all: () => T;
  /** As much of it as a crash may leave behind; without it a call is one transaction. */
  readonly part?: () => void;
  /** The client sends again by itself when no answer comes. */
  readonly isRepeated?: boolean;
}

/** Whoever calls the outside. */
export interface Caller {
  call<T>(name: string, effect: Effect<T>): Promise<T>;
}

type Where = 'before' | 'during' | 'after' | 'repeated';

export class Faults implements Caller {
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

  async call<T>(name: string, effect: Effect<T>): Promise<T> {
    await this.scheduler.turn();
    return this.runEffect(name, effect);
  }

  /** The call itself, once its turn has come. */
  async runEffect<T>(name: string, { all, part, isRepeated = false }: Effect<T>): Promise<T> {
    const where = this.draw(part !== undefined, isRepeated);
    if (where === null) return all();
    const hit = `${name} ${where}`;
    this.hit(hit);
    if (where === 'repeated') {
      all();
      await this.scheduler.turn();
      return all();
    }
    if (where === 'during') part?.();
    if (where === 'after') all();
    throw new Crash(hit);
  }

  hit(what: string): void {
    this.hits.set(what, (this.hits.get(what) ?? 0) + 1);
  }

  /** Whether something that comes with this probability comes now. */
  happens(share: number): boolean {
    return this.random() < share;
  }

  private draw(hasParts: boolean, isRepeated: boolean): Where | null {
    if (this.left === 0 || !this.happens(this.share)) return null;
    this.left -= 1;
    if (isRepeated && this.happens(0.2)) return 'repeated';
    const where = this.random();
    if (hasParts && where < 0.4) return 'during';
    return where < 0.7 ? 'before' : 'after';
  }
}
