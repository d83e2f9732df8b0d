/**
 * Tables -> events, while somebody listens. One poller serves all clients: each second it reads the
 * tables what is new, numbers the changes and keeps the last few thousand, so that a client that
 * was away for a moment continues where it stopped.
 *
 * Promise: a client gets every change of what it subscribed to, in order and once, or a `reset`:
 * then it reads the lists again. Ids are `<run>-<number>`; those of another run mean a reset too.
 */
import { monotonicMs } from '../clock.ts';

export interface LiveEvent {
  readonly type: 'candle' | 'prediction' | 'signal' | 'trade' | 'model';
  /** The instrument, `venue:symbol`; clients of other instruments do not get it. Null: for all. */
  readonly instrument: string | null;
  readonly data: unknown;
}

/** What is new in the tables. `instruments` are those that somebody watches; `*` is all of them. */
export interface LiveSource {
  /**
   * Changes since the last call; null when there were too many to send one by one. Of an
   * instrument that comes up for the first time the present counts as known. One that is not
   * requested for a while is remembered.
   */
  poll(instruments: ReadonlySet<string>): Promise<readonly LiveEvent[] | null>;
}

export interface Subscriber {
  /** `venue:symbol`, or `*` for all. */
  readonly instrument: string;
  send(type: string, id: string, data: unknown): void;
}

/** Stands for every instrument. */
export const ALL = '*';

const POLL_MS = 1_000;
const KEPT = 5_000;

interface Kept {
  readonly number: number;
  readonly event: LiveEvent;
}

export interface LiveFeedOptions {
  readonly source: () => LiveSource;
  /** Names this run of the server. */
  readonly run: string;
  readonly onError: (error: unknown) => void;
  readonly pollMs?: number;
}

export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #subscribers = new Set<Subscriber>();
  /** Those whose lists are not yet known to be newer than what the source takes as known. */
  readonly #fresh = new Set<Subscriber>();
  #kept: Kept[] = [];
  #number = 0;
  /** Numbers at or below it are not kept any more. */
  #forgotten = 0;
  #timer: NodeJS.Timeout | null = null;
  #source: LiveSource | null = null;
  #isPolling = false;
  /** When the tables may be queried again at the earliest. */
  #restedMs = 0;
  #closed = false;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
  }

  /** Adds a client, catching it up from its last id; the result ends the subscription. */
  subscribe(subscriber: Subscriber, lastId: string | null): () => void {
    const last = this.#parseId(lastId);
    if (last === null) this.#fresh.add(subscriber);
    else {
      for (const { number, event } of this.#kept) {
        if (number > last) this.#give(subscriber, event, number);
      }
    }
    this.#subscribers.add(subscriber);
    // A new client reads nothing before its reset: it is not kept waiting for the next turn.
    const isSooner = last === null && !this.#isPolling;
    if (this.#timer === null || isSooner) this.#schedule(this.#restedMs - monotonicMs());
    return () => {
      this.#subscribers.delete(subscriber);
      this.#fresh.delete(subscriber);
    };
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#subscribers.clear();
  }

  #schedule(ms: number): void {
    if (this.#closed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tick(), Math.max(ms, 0));
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    if (this.#subscribers.size === 0) {
      // Nobody looks, so nobody queries; what happens from here on is not kept.
      this.#timer = null;
      this.#source = null;
      this.#forget();
      return;
    }
    const began = monotonicMs();
    this.#isPolling = true;
    try {
      await this.#poll();
    } catch (error) {
      // The tables could not be queried. Their changes are found at the next poll that works.
      this.#options.onError(error);
    }
    this.#isPolling = false;
    const pollMs = this.#options.pollMs ?? POLL_MS;
    const leastMs = pollMs / 4;
    this.#restedMs = monotonicMs() + leastMs;
    const restMs = this.#fresh.size > 0 ? leastMs : pollMs - (monotonicMs() - began);
    this.#schedule(Math.max(restMs, leastMs));
  }

  async #poll(): Promise<void> {
    const instruments = new Set([...this.#subscribers].map(({ instrument }) => instrument));
    const fresh = [...this.#fresh];
    this.#source ??= this.#options.source();
    const events = await this.#source.poll(instruments);
    for (const event of events ?? []) this.#keep(event);
    if (events === null) this.#forget();
    // A list read after this has all that the source took as known.
    for (const subscriber of events === null ? this.#subscribers : fresh) {
      this.#fresh.delete(subscriber);
      if (!this.#subscribers.has(subscriber)) continue;
      subscriber.send('reset', this.#id(), { reason: 'read the lists, then go on from here' });
    }
  }

  #keep(event: LiveEvent): void {
    this.#number += 1;
    this.#kept.push({ number: this.#number, event });
    for (const subscriber of this.#subscribers) {
      if (!this.#fresh.has(subscriber)) this.#give(subscriber, event, this.#number);
    }
    if (this.#kept.length > 2 * KEPT) {
      this.#kept = this.#kept.slice(-KEPT);
      this.#forgotten = (this.#kept[0]?.number ?? 1) - 1;
    }
  }

  #give(subscriber: Subscriber, event: LiveEvent, number: number): void {
    const wanted = [null, subscriber.instrument].includes(event.instrument);
    if (wanted || subscriber.instrument === ALL)
      subscriber.send(event.type, this.#id(number), event.data);
  }

  /** After this no older id can be continued from. */
  #forget(): void {
    this.#kept = [];
    this.#number += 1;
    this.#forgotten = this.#number;
  }

  #id(number = this.#number): string {
    return `${this.#options.run}-${number}`;
  }

  #parseId(id: string | null): number | null {
    const match = /^(.+)-(\d+)$/.exec(id ?? '');
    const number = Number(match?.[2]);
    if (match?.[1] !== this.#options.run || number < this.#forgotten) return null;
    return number <= this.#number ? number : null;
  }
}
