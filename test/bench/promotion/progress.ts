/** How far long work has come, and how long the rest will take: a line on stderr now and then. */
const EVERY_MS = 10_000;

export class Progress {
  readonly #what: string;
  readonly #total: number;
  readonly #startedMs = performance.now();
  #reportedMs = performance.now();
  #done = 0;

  constructor(what: string, total: number) {
    this.#what = what;
    this.#total = total;
  }

  add(done: number): void {
    this.#done += done;
    const now = performance.now();
    if (now - this.#reportedMs < EVERY_MS) return;
    this.#reportedMs = now;
    const leftS = ((now - this.#startedMs) * (this.#total / this.#done - 1)) / 1_000;
    const left = leftS < 90 ? `${Math.ceil(leftS)} s` : `${Math.ceil(leftS / 60)} min`;
    console.error(`${this.#what}: ${this.#done} of ${this.#total}, some ${left} left`);
  }
}
