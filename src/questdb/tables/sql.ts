/**
 * The text of a file below `sql/`: statements live there and not in strings, so that they can be
 * read, run by hand and highlighted as what they are.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_DIR } from '../../code-files.ts';

const SQL_DIR = join(PROJECT_DIR, 'sql');
const loaded = new Map<string, string>();

/** `loadSql('questdb/ticks')` is `sql/questdb/ticks.sql` without its comment lines. */
export function loadSql(name: string): string {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(join(SQL_DIR, `${name}.sql`), 'utf8').replace(/^--.*\n/gm, '');
  loaded.set(name, text.trim());
  return text.trim();
}
