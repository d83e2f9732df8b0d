/**
 * `sql/postgres/NNN_name.up.sql` and `.down.sql` -> PostgreSQL's schema, in the order of numbers
 *
 * One transaction under an advisory lock, so that processes that start together do not race, and a
 * failed migration leaves nothing behind. A database that is newer than this code is refused.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool, PoolClient } from 'pg';
import { inTransaction, requireSealKeys } from '../postgres.ts';
import { must } from '../../assert.ts';
import { PROJECT_DIR } from '../../code-files.ts';
import { sealWaiting } from './outbox.ts';

const DIR = join(PROJECT_DIR, 'sql', 'postgres');
/** Any number that nobody else in the database locks. */
const LOCK = 7_414_105;
const ADDED_SEALS = '019_outbox_seal';

export interface MigrationStatus {
  readonly name: string;
  readonly applied: boolean;
}

const names = (): string[] =>
  readdirSync(DIR)
    .filter((file) => file.endsWith('.up.sql'))
    .map((file) => file.slice(0, -'.up.sql'.length))
    .toSorted();

/** Applies what is missing; returns the names of what it applied. */
export function migrateUp(pool: Pool): Promise<string[]> {
  return inTransaction(pool, async (client) => {
    const applied = await appliedNames(client);
    const missing = names().filter((name) => !applied.includes(name));
    for (const name of missing) {
      await client.query(readFileSync(join(DIR, `${name}.up.sql`), 'utf8'));
      await client.query('INSERT INTO schema_migrations (name) VALUES ($1)', [name]);
      if (name === ADDED_SEALS) await sealWaiting(client, () => must(requireSealKeys(pool)[0]));
    }
    return missing;
  });
}

/** Takes the newest one back; returns its name, or null when there is none. */
export function migrateDown(pool: Pool): Promise<string | null> {
  return inTransaction(pool, async (client) => {
    const newest = (await appliedNames(client)).at(-1) ?? null;
    if (newest === null) return null;
    await client.query(readFileSync(join(DIR, `${newest}.down.sql`), 'utf8'));
    await client.query('DELETE FROM schema_migrations WHERE name = $1', [newest]);
    return newest;
  });
}

export function migrationStatus(pool: Pool): Promise<MigrationStatus[]> {
  return inTransaction(pool, async (client) => {
    const applied = new Set(await appliedNames(client));
    return names().map((name) => ({ name, applied: applied.has(name) }));
  });
}

/** The number of the next new migration: `005`. */
export const nextNumber = (): string =>
  String(Number(names().at(-1)?.slice(0, 3) ?? 0) + 1).padStart(3, '0');

async function appliedNames(client: PoolClient): Promise<string[]> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
  await client.query(
    `CREATE TABLE IF NOT EXISTS schema_migrations
       (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM schema_migrations ORDER BY name',
  );
  const known = new Set(names());
  const newer = rows.find(({ name }) => !known.has(name));
  if (newer !== undefined) {
    throw new Error(
      `the database has migration "${newer.name}", which this version does not know: it was used ` +
        'by a newer one. Run that version, or restore a backup.',
    );
  }
  return rows.map(({ name }) => name);
}
