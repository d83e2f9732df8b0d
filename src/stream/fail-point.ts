/**
 * A named place at which a test may end the process as `kill -9` would. `TICKLOOM_FAIL_AT` has the
 * form `name` or `name:N`: the process dies at that place once N records have passed it.
 */
export interface FailPoint {
  readonly name: string;
  readonly afterRecords: number;
}

export function parseFailPoint(text: string | null): FailPoint | null {
  if (text === null || text === '') return null;
  const [name = '', count = '0'] = text.split(':');
  return { name, afterRecords: Number(count) };
}

/** Counts records at places and dies where it is set to. One per process. */
export class FailPoints {
  private readonly counts = new Map<string, number>();
  private readonly armed: FailPoint | null;

  constructor(armed: FailPoint | null) {
    this.armed = armed;
  }

  pass(name: string, records: number): void {
    if (this.armed?.name !== name) return;
    const count = (this.counts.get(name) ?? 0) + records;
    this.counts.set(name, count);
    if (count < this.armed.afterRecords) return;
    process.stderr.write(`fail point ${name}: ${count} records passed, SIGKILL\n`);
    process.kill(process.pid, 'SIGKILL');
  }

  /** Records that are committed no longer count: the point needs uncommitted ones. */
  committed(name: string): void {
    this.counts.delete(name);
  }
}
