/**
 * What goes wrong again and again -> one record with a count, one line of the log with a stack and
 * a few that count, and an end that is noted by itself once all is well.
 */
import type { Pool } from 'pg';
import type { Logger } from '../log.ts';
import { readOpenErrors, recordError, settleErrors } from '../postgres/tables/errors.ts';

export interface Trouble {
  /** The same key is the same trouble. */
  readonly key: string;
  readonly component: string;
  readonly code: string;
  /** What was being done, in words. */
  readonly what: string;
  readonly context?: object;
}

export class Troubles {
  private readonly times = new Map<string, number>();
  private readonly postgres: Pool;
  private readonly log: Logger;

  constructor({ postgres, log }: { readonly postgres: Pool; readonly log: Logger }) {
    this.postgres = postgres;
    this.log = log;
  }

  /** Never rejects: where it cannot be recorded, the log has it. */
  async met({ key, component, code, what, context = {} }: Trouble, error: unknown): Promise<void> {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    const times = (this.times.get(key) ?? 0) + 1;
    this.times.set(key, times);
    if (times === 1) this.log.error({ err: error, ...context }, what);
    else if (isCounted(times)) this.log.warn({ times, ...context }, `${what}: ${message}`);
    try {
      const record = { key, severity: 'error', component, code, message, context, stack } as const;
      await recordError(this.postgres, record);
    } catch (failure) {
      if (times === 1) this.log.warn({ err: failure }, 'an error could not be recorded');
    }
  }

  /** All whose key begins so are over. Cheap where there are none. Never rejects. */
  async over(keyBegin: string): Promise<void> {
    const open = [...this.times].filter(([key]) => key.startsWith(keyBegin));
    if (open.length === 0) return;
    try {
      await settleErrors(this.postgres, keyBegin);
    } catch {
      // It stays known, and is closed by the next success.
      return;
    }
    for (const [key, times] of open) {
      this.times.delete(key);
      this.log.info({ times }, `over: ${key}`);
    }
  }

  /** Takes over what other processes, and earlier ones, have left open. */
  async refresh(): Promise<void> {
    for (const begin of KEY_BEGINS) {
      for (const { error_key, occurrences } of await readOpenErrors(this.postgres, begin)) {
        if (!this.times.has(error_key)) this.times.set(error_key, occurrences);
      }
    }
  }
}

/** Of all that is reported here. */
const KEY_BEGINS = ['job:', 'job-outage:', 'sweep:'];

/** The second, and then every tenth part more: 2, 10, 100, 1 000, … */
const isCounted = (times: number): boolean => times === 2 || /^10+$/.test(String(times));
