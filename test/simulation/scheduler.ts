/**
 * Workers that take turns: at every call to the outside a worker waits until it is drawn, so that
 * one seed gives one interleaving of all of them, and all seeds together give very many.
 *
 * Nothing here waits for real time: a clock of its own moves a step with every draw, and jumps when
 * everybody sleeps. The next one is drawn when all others have come as far as they can.
 */
import { randomIndex, type Random } from '../../src/random.ts';

interface Waiting {
  readonly isReady: () => boolean;
  /** When time alone makes it ready. */
  readonly dueMs: () => number;
  readonly goOn: (isReady: boolean) => void;
}

/** More than twenty times what the longest of two thousand runs has needed. */
const TURNS_MAX = 100_000;

/** The workers go on and on, or all of them wait for what never comes. */
export class NoRest extends Error {
  override readonly name = 'NoRest';
}

const always = (): boolean => true;
const never = (): number => Infinity;

export class Scheduler {
  nowMs = 0;
  private readonly random: Random;
  private readonly stepMs: number;
  private waiting: Waiting[] = [];
  private working = 0;
  private turns = 0;
  private isOver = false;
  private finish: () => void = () => undefined;
  private fail: (error: Error) => void = () => undefined;

  constructor(random: Random, stepMs: number) {
    this.random = random;
    this.stepMs = stepMs;
  }

  /**
   * Resolves when every worker has ended; rejects with the first error of one, or with `NoRest`
   * when the end does not come.
   */
  async run(workers: readonly (() => Promise<void>)[]): Promise<void> {
    const finished = new Promise<void>((resolve, reject) => {
      this.finish = resolve;
      this.fail = (error) => {
        this.isOver = true;
        reject(error);
      };
    });
    for (const work of workers) this.spawn(work);
    this.goOnLater();
    await finished;
  }

  /** Adds a worker; it runs at once, to its first turn. */
  spawn(work: () => Promise<void>): void {
    this.working += 1;
    work().then(() => {
      this.working -= 1;
      if (this.working === 0) this.finish();
    }, this.fail);
  }

  /** Waits to be drawn. */
  async turn(): Promise<void> {
    await this.until(always);
  }

  /**
   * Waits to be drawn once `isReady`, which comes at `dueMs` if not before; false when nobody is
   * left who could make it so.
   */
  until(isReady: () => boolean, dueMs: () => number = never): Promise<boolean> {
    return new Promise((goOn) => {
      this.waiting.push({ isReady, dueMs, goOn });
    });
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const dueMs = this.nowMs + ms;
    const isDue = (): boolean => this.nowMs >= dueMs || signal?.aborted === true;
    await this.until(isDue, () => dueMs);
  }

  /** Tells again and again until it is stopped. */
  every(ms: number, tell: () => void): { stop(): void } {
    const stopped = new AbortController();
    const work = async (): Promise<void> => {
      for (;;) {
        await this.sleep(ms, stopped.signal);
        if (stopped.signal.aborted) return;
        tell();
      }
    };
    this.spawn(work);
    return { stop: () => stopped.abort() };
  }

  /** Behind everything that can go on by itself: then nothing depends on the order of promises. */
  private goOnLater(): void {
    setImmediate(() => {
      if (this.working === 0 || this.isOver) return;
      this.nowMs += this.stepMs;
      this.turns += 1;
      if (this.waiting.length === 0) this.fail(new NoRest('everybody waits for what never comes'));
      else if (this.turns > TURNS_MAX) this.fail(new NoRest(`more than ${TURNS_MAX} turns`));
      else this.draw();
      this.goOnLater();
    });
  }

  private draw(): void {
    let ready = this.waiting.filter(({ isReady }) => isReady());
    if (ready.length === 0) {
      const next = Math.min(...this.waiting.map(({ dueMs }) => dueMs()));
      if (next === Infinity) {
        const all = this.waiting;
        this.waiting = [];
        for (const { goOn } of all) goOn(false);
        return;
      }
      this.nowMs = next;
      ready = this.waiting.filter(({ isReady }) => isReady());
    }
    const drawn = ready[randomIndex(this.random, ready.length)];
    if (drawn === undefined) return;
    this.waiting.splice(this.waiting.indexOf(drawn), 1);
    drawn.goOn(true);
  }
}
