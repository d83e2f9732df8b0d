/**
 * a manifest -> whether its set is what it says, and whether the tables still give the same set
 *
 * Its files are hashed, then the set is made again from the manifest alone in a directory of its
 * own and compared byte for byte. What differs is shown, down to the first row.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { duckRow, duckRows, literal, openDuckdb } from './duckdb.ts';
import { canonicalJson } from '../../src/domain/control.ts';
import type { SqlReader } from '../../src/questdb/table.ts';
import { buildDefined } from './build.ts';
import { parseDefinition, ENTITIES, holdsItsHash, type DatasetManifest } from './definition.ts';
import { listFiles, hashFile } from './write.ts';

/** How many files that differ are looked into. */
const LOOKED_INTO = 3;

export interface VerifyOptions {
  /** Where the set's files lie; null: only the tables are read. */
  readonly dir: string | null;
  /** `_entities.csv` where the directory has none. */
  readonly entities: () => Promise<string | null>;
  readonly onProgress?: (line: string) => void;
}

/** What is wrong, one line each; empty: the set is whole, and made again it is the same. */
export async function verifyDataset(
  reader: SqlReader,
  manifest: DatasetManifest,
  options: VerifyOptions,
): Promise<string[]> {
  const definition = parseDefinition(manifest);
  const { dir, onProgress } = options;
  const found = holdsItsHash(manifest) ? [] : ['the manifest was changed: it is not its own hash'];
  if (dir !== null) found.push(...(await wrongFiles(manifest, dir)));
  const work = await mkdtemp(join(tmpdir(), 'tickloom-verify-'));
  try {
    const entitiesFile = await findEntities(manifest, options, work);
    const out = join(work, 'set');
    const made = { out, entitiesFile, cut: manifest.cut ?? null, onProgress };
    const again = await buildDefined(reader, definition, made);
    found.push(...differences(manifest, again));
    const changed = changedFiles(manifest, again);
    for (const path of changed.slice(0, LOOKED_INTO)) {
      if (dir === null) break;
      found.push(...(await firstDifference(join(dir, path), join(out, path), path)));
    }
    return found;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What the manifest says of the files, against the files. */
export async function wrongFiles({ files }: DatasetManifest, dir: string): Promise<string[]> {
  if (!existsSync(dir)) return [`there is no directory "${dir}"`];
  const there = new Set(await listFiles(dir));
  const wrong = [...there]
    .filter((path) => files.every((file) => file.path !== path))
    .map((path) => `${path} is not of the set`);
  for (const { path, sha256 } of files) {
    if (!there.has(path)) wrong.push(`${path} is missing`);
    else if ((await hashFile(join(dir, path))) !== sha256) {
      wrong.push(`${path} is not the file that was written: its sha256 differs`);
    }
  }
  return wrong;
}

async function findEntities(
  { entities }: DatasetManifest,
  options: VerifyOptions,
  work: string,
): Promise<string | undefined> {
  if (entities === null || entities === undefined) return undefined;
  const own = join(options.dir ?? work, ENTITIES);
  if (existsSync(own) && (await hashFile(own)) === entities.sha256) return own;
  const csv = await options.entities();
  if (csv === null) throw new Error(`the ${entities.rows} requests of the set are kept nowhere`);
  const file = join(work, ENTITIES);
  await writeFile(file, csv);
  return file;
}

const COMPARED = [
  'rows_in',
  'rows',
  'excluded',
  'incomplete',
  'read',
  'imported',
  'features',
  'writer',
] as const;

function differences(recorded: DatasetManifest, again: DatasetManifest): string[] {
  const found: string[] = COMPARED.filter(
    (name) => canonicalJson(recorded[name] ?? null) !== canonicalJson(again[name] ?? null),
  ).map(
    (name) =>
      `${name}: ${canonicalJson(recorded[name] ?? null)}, again ${canonicalJson(again[name] ?? null)}`,
  );
  const paths = new Set([...recorded.files, ...again.files].map(({ path }) => path));
  for (const path of [...paths].toSorted()) {
    const [first, second] = [recorded, again].map(({ files }) =>
      files.find((file) => file.path === path),
    );
    if (first === undefined) found.push(`${path}: ${second?.rows} rows that the set does not have`);
    else if (second === undefined) found.push(`${path}: its ${first.rows} rows are there no more`);
    else if (first.sha256 !== second.sha256) {
      found.push(`${path}: other bytes (${first.rows} rows, again ${second.rows})`);
    }
  }
  return found;
}

const changedFiles = (recorded: DatasetManifest, again: DatasetManifest): string[] =>
  recorded.files
    .filter(({ path, sha256 }) =>
      again.files.some((file) => file.path === path && file.sha256 !== sha256),
    )
    .map(({ path }) => path)
    .filter((path) => path.endsWith('.parquet'));

/** How many rows differ, and one of them on both sides. */
async function firstDifference(recorded: string, again: string, path: string): Promise<string[]> {
  if (!existsSync(recorded)) return [];
  const { db, close } = await openDuckdb({ dirs: [recorded, again].map(dirname) });
  try {
    const rows = (file: string): string =>
      `SELECT * FROM read_parquet(${literal(file)}, hive_partitioning = false)`;
    const only = (one: string, other: string): string => `(${rows(one)} EXCEPT ALL ${rows(other)})`;
    const { n } = await duckRow<{ n: number }>(
      db,
      `SELECT count(*) AS n FROM ${only(recorded, again)}`,
    );
    const examples = await Promise.all(
      [only(recorded, again), only(again, recorded)].map((sql) =>
        duckRows<Record<string, unknown>>(db, `SELECT * FROM ${sql} ORDER BY ALL LIMIT 1`),
      ),
    );
    const [was, is] = examples.map(([row]) => row);
    return n === 0 ? [] : [`${path}: ${n} rows differ, the first ${difference(was, is)}`];
  } catch (error) {
    return [`${path}: it cannot be compared by rows: ${(error as Error).message.split('\n')[0]}`];
  } finally {
    close();
  }
}

function difference(was: Record<string, unknown> = {}, is: Record<string, unknown> = {}): string {
  const at = was['request_row'] ?? was['ts'];
  const column = Object.keys(was).find((name) => cellText(was[name]) !== cellText(is[name])) ?? '';
  return `at ${cellText(at)}: ${column} was ${cellText(was[column])}, is ${cellText(is[column])}`;
}

const cellText = (cell: unknown): string => JSON.stringify(cell) ?? 'nothing';
