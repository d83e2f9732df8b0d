/**
 * Whether PostgreSQL still holds what this process has written to it.
 *
 * A database can be taken back under running processes: restored from a backup, replaced by a
 * replica that had fallen behind, copied from a snapshot. What they remember of it (that something
 * was announced, booked or made due) is then not so, and nothing in their own tables says it: the
 * epochs are theirs. So each counts up a mark of its own, and looks at it over every connection
 * before that is used. Less than was written means that the process has to begin again, from what
 * the database holds now; the log gives the rest once more.
 *
 * A database taken back by less than the pause between two marks is not noticed.
 */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { untilAborted } from '../lifecycle.ts';

const MARK_MS = 2_000;
/** Of runs that are long over. */
const KEPT = '7 days';

export class TakenBackError extends Error {
  override readonly name = 'TakenBackError';

  constructor() {
    super(
      'PostgreSQL does not hold what this process has written to it: it was restored, or replaced ' +
        'by an older copy. The process begins again from what is there; the log gives the rest',
    );
  }
}

export class PostgresWitness {
  private readonly run = randomBytes(16).toString('hex');
  /** What the server has confirmed. */
  private written = 0;
  private isTakenBack = false;
  private fail: (error: Error) => void = () => undefined;

  /** Throws a `TakenBackError` where the server behind this connection holds less. */
  async verify(client: Pick<pg.PoolClient, 'query'>): Promise<void> {
    if (this.isTakenBack) throw new TakenBackError();
    const { written } = this;
    if (written === 0) return;
    const { rows } = await client.query<{ mark: number }>(
      'SELECT mark FROM process_marks WHERE run = $1',
      [this.run],
    );
    if ((rows[0]?.mark ?? 0) < written) throw this.takenBack();
  }

  /** Counts up until the signal is aborted; rejects once the database was taken back. */
  async watch(
    pool: pg.Pool,
    role: string,
    signal: AbortSignal,
    onFailed: (error: unknown) => void,
  ): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.fail = reject;
    });
    await Promise.race([failed, this.count(pool, role, signal, onFailed)]);
  }

  private async count(
    pool: pg.Pool,
    role: string,
    signal: AbortSignal,
    onFailed: (error: unknown) => void,
  ): Promise<void> {
    await untilAborted(() => this.mark(pool, role), {
      signal,
      everyMs: MARK_MS,
      onFailed: (error) => {
        if (error instanceof TakenBackError) throw error;
        onFailed(error);
      },
    });
    // What a process that ends still has to write is not held against a mark that is gone.
    this.written = 0;
    await pool.query('DELETE FROM process_marks WHERE run = $1', [this.run]).catch(() => undefined);
  }

  private async mark(pool: pg.Pool, role: string): Promise<void> {
    const next = this.written + 1;
    if (this.written === 0) {
      await pool.query(`DELETE FROM process_marks WHERE marked_at < now() - interval '${KEPT}'`);
      await pool.query(
        `INSERT INTO process_marks (run, role, mark) VALUES ($1, $2, $3)
         ON CONFLICT (run) DO NOTHING`,
        [this.run, role, next],
      );
    } else {
      // Also where the connection has stayed, as behind a pooler, or with a dump read back in.
      const { rowCount } = await pool.query(
        `UPDATE process_marks SET mark = $2, marked_at = now() WHERE run = $1 AND mark >= $3`,
        [this.run, next, this.written],
      );
      if (rowCount === 0) throw this.takenBack();
    }
    this.written = next;
  }

  private takenBack(): TakenBackError {
    this.isTakenBack = true;
    const error = new TakenBackError();
    this.fail(error);
    return error;
  }
}
