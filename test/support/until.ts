/** Waiting for what has to become true. */
import { sleep } from '../../src/clock.ts';

const UNTIL_MS = 90_000;

/** What `look` finds, once that is something; an error that names `what` at the limit. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  limitMs = UNTIL_MS,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      throw new Error(`within ${limitMs / 1_000} s it did not come: ${what}`);
    }
    await sleep(20);
  }
}
