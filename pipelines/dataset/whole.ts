/**
 * a set's directory -> one file of all its rows, made when it is first requested
 *
 * The file is named after the set and its format, written aside and renamed, so whoever reads it
 * reads a whole one. The same set gives the same bytes.
 */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDuckdb } from './duckdb.ts';
import type { DatasetManifest } from './definition.ts';
import { writeWhole } from './write.ts';
import { makeFolder } from '../../src/make-folder.ts';

export type WholeFormat = 'parquet' | 'csv' | 'arrow';

const making = new Map<string, Promise<void>>();

/** The file's path. `folder` keeps such files; two who ask at once wait for one making. */
export async function wholeFile(
  { dataset_id: id }: Pick<DatasetManifest, 'dataset_id'>,
  dir: string,
  folder: string,
  format: WholeFormat,
): Promise<string> {
  const file = join(folder, `${id}.${format}`);
  if (existsSync(file)) return file;
  const made = making.get(file) ?? make(dir, folder, file, format);
  making.set(file, made);
  try {
    await made;
    return file;
  } finally {
    making.delete(file);
  }
}

async function make(dir: string, folder: string, file: string, format: WholeFormat): Promise<void> {
  const aside = `${file}.part-${process.pid}`;
  await makeFolder(folder);
  const { db, close } = await openDuckdb({ dirs: [dir, folder] });
  try {
    await writeWhole(db, dir, aside, format);
    await rename(aside, file);
  } finally {
    close();
    await rm(aside, { force: true });
  }
}
