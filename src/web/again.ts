/** Work that is tried until it succeeds: what failed once must not stay so for ever. */

const FIRST_MS = 1_000;
const LONGEST_MS = 15_000;

export class Again {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;
  readonly #work: () => Promise<void>;
  readonly #report: (error: Error | null) => void;

  /** `report` hears of every failure, and null once it is done. */
  constructor(work: () => Promise<void>, report: (error: Error | null) => void) {
    this.#work = work;
    this.#report = report;
  }

  /** Begins after `ms`, in place of what was planned or is under way. */
  begin(ms = 0): void {
    const turn = ++this.#turn;
    this.#after(ms, () => this.#try(turn, FIRST_MS));
  }

  async #try(turn: number, pauseMs: number): Promise<void> {
    let failure: Error | null = null;
    try {
      await this.#work();
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    if (turn !== this.#turn) return;
    this.#report(failure);
    if (failure === null) return;
    this.#after(pauseMs, () => this.#try(turn, Math.min(2 * pauseMs, LONGEST_MS)));
  }

  #after(ms: number, work: () => Promise<void>): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void work(), ms);
  }
}
