/** A database that is taken back under a running process: the process notices before it writes. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openPostgres } from '../../src/postgres/postgres.ts';
import { PostgresWitness, TakenBackError } from '../../src/postgres/witness.ts';
import { sleep } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/config.ts';
import { until } from '../support/until.ts';

const ROLE = `witness-${process.pid}`;

describe('a process with a witness', () => {
  const { postgresUrl } = loadConfig();
  const others = openPostgres(postgresUrl);
  let witness: PostgresWitness;
  let pool: ReturnType<typeof openPostgres>;
  let over: AbortController;
  let watching: Promise<unknown>;

  const mark = async (): Promise<number> => {
    const { rows } = await others.query<{ mark: number }>(
      'SELECT mark FROM process_marks WHERE role = $1',
      [ROLE],
    );
    return rows[0]?.mark ?? 0;
  };

  beforeEach(async () => {
    witness = new PostgresWitness();
    pool = openPostgres(postgresUrl, { verify: (client) => witness.verify(client) });
    over = new AbortController();
    watching = witness
      .watch(pool, ROLE, over.signal, () => undefined)
      .then(
        () => 'over',
        (error: unknown) => error,
      );
    await until('it has counted', async () => (await mark()) >= 2);
  });
  afterEach(async () => {
    over.abort();
    await watching;
    await pool.end();
    await others.query('DELETE FROM process_marks WHERE role = $1', [ROLE]);
  });

  test('goes on over new connections while the database holds what was written', async () => {
    const client = await pool.connect();
    const other = await pool.connect();
    expect((await other.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    client.release();
    other.release();
    over.abort();
    expect(await watching).toBe('over');
    expect(await mark()).toBe(0);
    // What it still has to write while it ends, over connections that it opens for that.
    const held = await Promise.all([1, 2, 3].map(() => pool.connect()));
    for (const each of held) each.release();
  });

  for (const [what, sql] of [
    ['an older mark', 'UPDATE process_marks SET mark = mark - 1 WHERE role = $1'],
    ['none', 'DELETE FROM process_marks WHERE role = $1'],
  ] as const) {
    test(`that finds ${what} ends, and no new connection is used`, async () => {
      const open = await pool.connect();
      await others.query(sql, [ROLE]);
      // Each of these is a new connection: the one that there was is held.
      await expect(pool.query('SELECT 1')).rejects.toThrow(TakenBackError);
      expect(await watching).toBeInstanceOf(TakenBackError);
      await expect(pool.query('SELECT 1')).rejects.toThrow(/begins again from what is there/);
      open.release();
    });

    test(`that finds ${what} over a connection that stayed ends too`, async () => {
      await others.query(sql, [ROLE]);
      const found = await Promise.race([watching, sleep(10_000)]);
      expect(found).toBeInstanceOf(TakenBackError);
    });
  }
});
