/** `settings`: what the installation remembers of itself, by name. */
import type { Pool } from 'pg';
import { inTransaction } from '../postgres.ts';

export async function readSetting(pool: Pool, name: string): Promise<unknown> {
  const { rows } = await pool.query<{ value: unknown }>(
    'SELECT value FROM settings WHERE name = $1',
    [name],
  );
  return rows[0]?.value ?? null;
}

export async function writeSetting(pool: Pool, name: string, value: unknown): Promise<void> {
  await pool.query(
    `INSERT INTO settings (name, value) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = now()`,
    [name, JSON.stringify(value)],
  );
}

/** Adds the members of an object that the setting lacks, and returns all that it has then. */
export async function mergeSetting(
  pool: Pool,
  name: string,
  members: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const { rows } = await pool.query<{ value: unknown }>(
    `INSERT INTO settings (name, value) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value || settings.value
     RETURNING value`,
    [name, JSON.stringify(members)],
  );
  return rows[0]?.value;
}

/** The same members put over what the setting has, by a person: kept in the audit log. */
export async function changeSetting(
  pool: Pool,
  name: string,
  members: Readonly<Record<string, unknown>>,
  actor: string,
): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ value: object }>(
      'SELECT value FROM settings WHERE name = $1 FOR UPDATE',
      [name],
    );
    const before = rows[0]?.value ?? {};
    const after = { ...before, ...members };
    await client.query(
      `INSERT INTO settings (name, value) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = now()`,
      [name, after],
    );
    await client.query(
      `INSERT INTO audit_log (actor, action, subject, detail) VALUES ($1, 'setting.change', $2, $3)`,
      [actor, name, { before, after }],
    );
  });
}
