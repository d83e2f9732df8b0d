/** Waits for what a fault is to hit. */
import { sleep } from '../../src/clock.ts';

export const UNTIL_MS = 60_000;

/** Resolves with what `look` finds; throws where that does not come in time. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  limitMs = UNTIL_MS,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`hit nothing: ${what} did not happen`);
    await sleep(20);
  }
}
