/**
 * Wrong tokens, counted by who sends them: a few are a mistake, more are refused for a minute
 * (429), logged and reported as an alert.
 *
 * The right token is let in all the while. It has 256 bits, so that nobody comes by it by trying;
 * and where one address is many people's, one of them must not lock the others out.
 */

const WINDOW_MS = 60_000;
const MISTAKES_MAX = 10;
const REPORTED_MS = 3_600_000;
/** Addresses that are remembered: more come from a network of many, and share one count. */
const ADDRESSES_MAX = 10_000;
const MANY = 'many addresses';

interface Count {
  readonly sinceMs: number;
  wrong: number;
}

export interface WrongTokensOptions {
  readonly monotonicMs: () => number;
  /** The first wrong token of an address within a minute, and then every tenfold. */
  readonly onWrong: (address: string, wrong: number) => void;
  /** Addresses that were refused within the last hour, each time another one is. */
  readonly onRefused: (addresses: readonly string[]) => void;
}

export class WrongTokens {
  readonly #options: WrongTokensOptions;
  readonly #counts = new Map<string, Count>();
  readonly #refused = new Map<string, number>();
  #sweptMs = -Infinity;

  constructor(options: WrongTokensOptions) {
    this.#options = options;
  }

  /** Notes one; returns for how many seconds its sender has to wait, 0 for not at all. */
  note(ip: string): number {
    const nowMs = this.#options.monotonicMs();
    const address = this.#countedAddress(ip, nowMs);
    const known = this.#counts.get(address);
    const isOver = known === undefined || nowMs - known.sinceMs >= WINDOW_MS;
    const count = isOver ? { sinceMs: nowMs, wrong: 0 } : known;
    if (isOver) this.#counts.set(address, count);
    count.wrong += 1;
    if (/^10*$/.test(String(count.wrong))) this.#options.onWrong(address, count.wrong);
    if (count.wrong <= MISTAKES_MAX) return 0;
    if (count.wrong === MISTAKES_MAX + 1) this.#refuse(address, nowMs);
    return Math.max(1, Math.ceil((count.sinceMs + WINDOW_MS - nowMs) / 1_000));
  }

  #refuse(address: string, nowMs: number): void {
    this.#refused.set(address, nowMs);
    for (const [each, atMs] of this.#refused) {
      if (nowMs - atMs > REPORTED_MS) this.#refused.delete(each);
    }
    this.#options.onRefused([...this.#refused.keys()]);
  }

  #countedAddress(ip: string, nowMs: number): string {
    // Whoever has one IPv6 address has 2^64 of them.
    const address = ip.includes(':') && !ip.includes('.') ? networkPrefix(ip) : ip;
    if (this.#counts.has(address) || this.#counts.size < ADDRESSES_MAX) return address;
    this.#forgetOld(nowMs);
    return this.#counts.size < ADDRESSES_MAX ? address : MANY;
  }

  /** Seldom: whoever has many addresses must not make every request go through all of them. */
  #forgetOld(nowMs: number): void {
    if (nowMs - this.#sweptMs < 1_000) return;
    this.#sweptMs = nowMs;
    for (const [each, { sinceMs }] of this.#counts) {
      if (nowMs - sinceMs >= WINDOW_MS) this.#counts.delete(each);
    }
  }
}

/** The first 64 bits, in whatever way the address is written. */
function networkPrefix(ip: string): string {
  const [head = '', tail] = ip.split('::', 2);
  const parts = head.split(':').filter((part) => part !== '');
  const whole = tail === undefined ? parts : [...parts, '0', '0', '0', '0'];
  return `${whole.slice(0, 4).join(':')}::/64`;
}
