/**
 * The dataset job: makes the training set of a request, in the exports of the data
 * directory, where the HTTP server reads it.
 *
 * A request that cannot be met is refused with the reason. A job that runs again finds a finished
 * set and removes what a killed one has left.
 */
import type { Pool } from 'pg';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { JobData } from '../../src/queue/queue.ts';
import { must } from '../../src/assert.ts';
import { monotonicMs } from '../../src/clock.ts';
import { RequestError, type DatasetRequest } from './request.ts';
import { exportsDir, MANIFEST, type DatasetManifest } from './definition.ts';
import type { Entities } from './entities.ts';
import { makeDataset } from './make.ts';
import type { Context } from '../../src/runtime/context.ts';
import {
  noteProgress,
  noteReason,
  readEntities,
  readRequest,
  saveDataset,
} from '../../src/postgres/tables/datasets.ts';
import { finishRun } from '../../src/postgres/tables/job-runs.ts';
import { makeFolder } from '../../src/make-folder.ts';

/** What lies in `dataset_requests`. */
export interface DatasetRequestRow {
  readonly ask: DatasetRequest;
  readonly entities: Omit<Entities, 'csv'> | null;
}

const NOTE_EVERY_MS = 1_000;

export type ReportProgress = (progress: string) => Promise<void>;

export async function runDataset(
  context: Context,
  { subject, dueTs }: JobData,
  report: ReportProgress,
): Promise<void> {
  const { postgres, config } = context;
  const run = { job: 'dataset', subject, due_ts: dueTs };
  const request = must(
    await readRequest<DatasetRequestRow>(postgres, subject),
    `request ${subject}`,
  );
  const out = join(exportsDir(config.dataDir), subject);
  await sweep(out);
  const progress = slowly(report, context, subject);
  try {
    let note: string | null = null;
    const onNotice = (line: string): void => {
      note = line;
    };
    const options = { out, dueTs, onProgress: progress.notify, onNotice };
    const entities = await keptEntities(postgres, request.entities);
    const manifest =
      (await finished(postgres, out)) ??
      (await makeDataset(context, request.ask, { ...options, entities }));
    await progress.flushed();
    const { dataset_id, rows, rows_in, excluded } = manifest;
    if (note !== null) await noteReason(postgres, subject, note);
    await noteProgress(postgres, subject, 'done', dataset_id);
    await finishRun(postgres, run, 'done', { dataset_id, rows, rows_in, excluded });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    await progress.flushed();
    await noteProgress(postgres, subject, 'refused');
    await finishRun(postgres, run, 'refused', { reason: error.message });
  }
}

async function finished(postgres: Pool, out: string): Promise<DatasetManifest | null> {
  const file = join(out, MANIFEST);
  if (!existsSync(file)) return null;
  const manifest = JSON.parse(await readFile(file, 'utf8')) as DatasetManifest;
  await saveDataset(postgres, manifest, out);
  return manifest;
}

async function keptEntities(
  postgres: Pool,
  entities: DatasetRequestRow['entities'],
): Promise<Entities | null> {
  if (entities === null) return null;
  const csv = await readEntities(postgres, entities.sha256);
  return { ...entities, csv: must(csv, `the requests ${entities.sha256} are kept`) };
}

/** Removes what lies aside of a set that nobody makes any more. */
async function sweep(out: string): Promise<void> {
  const dir = dirname(out);
  await makeFolder(dir);
  for (const name of await readdir(dir)) {
    if (name.startsWith(`${basename(out)}.`)) {
      await rm(join(dir, name), { recursive: true, force: true });
    }
  }
}

/**
 * At most once a second: the queue and the table of requests both hear it. One after the other, and
 * `flushed` waits for the last, which would otherwise come behind the end.
 */
function slowly(report: ReportProgress, { postgres, log }: Context, subject: string) {
  let notedMs = -Infinity;
  let noting = Promise.resolve();
  const note = async (line: string): Promise<void> => {
    try {
      await report(line);
      await noteProgress(postgres, subject, line);
    } catch (error) {
      log.warn({ err: error }, 'the progress of a data set could not be noted');
    }
  };
  return {
    notify: (line: string): void => {
      const nowMs = monotonicMs();
      if (nowMs - notedMs < NOTE_EVERY_MS) return;
      notedMs = nowMs;
      noting = noting.then(() => note(line));
    },
    flushed: (): Promise<void> => noting,
  };
}
