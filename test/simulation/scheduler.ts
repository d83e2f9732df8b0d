/**
 * Workers that take turns: at every call to the outside a worker waits until it is drawn, so that
 * one seed gives one interleaving of all of them, and all seeds together give very many.
 *
 * Nothing here waits for real time. A worker runs on its own until its next turn; only when all
 * wait, one is drawn among those that can go on.
 */
import { randomIndex, type Random } from '../../src/random.ts';

interface Waiting {
  readonly isReady: () => boolean;
  readonly goOn: (isReady: boolean) => void;
}

const always = (): boolean => true;

export class Scheduler {
  private readonly random: Random;
  private waiting: Waiting[] = [];
  private running = 0;
  private finish: () => void = () => undefined;
  private fail: (error: Error) => void = () => undefined;

  constructor(random: Random) {
    this.random = random;
  }

  /** Resolves when every worker has ended; rejects with the first error of one. */
  async run(workers: readonly (() => Promise<void>)[]): Promise<void> {
    const finished = new Promise<void>((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
    // Held until all have begun, so that none is drawn before.
    this.running += 1;
    for (const work of workers) this.spawn(work);
    this.leave();
    await finished;
  }

  /** Adds a worker; it runs at once, to its first turn. */
  spawn(work: () => Promise<void>): void {
    this.running += 1;
    work().then(() => this.leave(), this.fail);
  }

  /** Waits to be drawn. */
  async turn(): Promise<void> {
    await this.wait(always);
  }

  /** Waits to be drawn once `isReady`; false when nobody is left who could make it so. */
  until(isReady: () => boolean): Promise<boolean> {
    return this.wait(isReady);
  }

  private wait(isReady: () => boolean): Promise<boolean> {
    return new Promise((goOn) => {
      this.waiting.push({ isReady, goOn });
      this.leave();
    });
  }

  private leave(): void {
    this.running -= 1;
    if (this.running > 0) return;
    if (this.waiting.length === 0) this.finish();
    else this.draw();
  }

  private draw(): void {
    const ready = this.waiting.filter(({ isReady }) => isReady());
    const drawn = ready[randomIndex(this.random, ready.length)];
    if (drawn === undefined) {
      const all = this.waiting;
      this.waiting = [];
      this.running += all.length;
      for (const { goOn } of all) goOn(false);
      return;
    }
    this.waiting.splice(this.waiting.indexOf(drawn), 1);
    this.running += 1;
    drawn.goOn(true);
  }
}
