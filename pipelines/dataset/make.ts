/**
 * a request -> a training set that is final, its files and its row in `datasets`
 *
 * Without an `as_of` an as-of barrier goes into the log first, and what lies before it is waited
 * for: later on nothing can come to be known by then. With one, the set is final where such an
 * as-of barrier stands already; where it does not, the manifest has no as-of barrier, and the
 * progress lines report it.
 */
import type { Pool } from 'pg';
import { rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { nowUs } from '../../src/clock.ts';
import { formatUs, parseDurationUs, parseUs } from '../../src/domain/time.ts';
import { parseInstrumentKey, instrumentKey } from '../../src/domain/wire.ts';
import { appendBarrier } from '../control/as-of-barrier.ts';
import type { Context } from '../../src/runtime/context.ts';
import { coveringBarrier, saveDataset, saveEntities } from '../../src/postgres/tables/datasets.ts';
import { isStored, storedInstruments } from '../../src/questdb/tables/stored-ticks.ts';
import type { Instrument, SqlReader } from '../../src/questdb/table.ts';
import { RequestError, checkRequest, type DatasetRequest } from './request.ts';
import { buildDefined } from './build.ts';
import {
  CURRENT_SET,
  type DatasetBarrier,
  type DatasetDefinition,
  type DatasetManifest,
  type FeatureSetUse,
} from './definition.ts';
import type { Entities } from './entities.ts';
import { importsSettledBy, importsSettledSoon, newestImport, whyMissing } from './imports.ts';
import { makeFolder } from '../../src/make-folder.ts';

/** How long a build with an `as_of` of the past waits for the flow. */
const DRAIN_MS = 10_000;
/** Of the instruments that there are, in a message. */
const NAMED = 20;

export interface MakeOptions {
  readonly out: string;
  readonly entities: Entities | null;
  /** The moment of asking, in event time, where there is no `as_of`. */
  readonly dueTs?: number;
  readonly onProgress?: (line: string) => void;
  /** Hears why the set has found less than is stored. */
  readonly onNotice?: (line: string) => void;
}

/** Builds the set, keeps the request, and notes where it lies. */
export async function makeDataset(
  context: Context,
  ask: DatasetRequest,
  options: MakeOptions,
): Promise<DatasetManifest> {
  const { out, entities, onProgress } = options;
  checkRequest(ask, entities !== null);
  const { postgres, config } = context;
  const reader = context.questdbReader();
  const instruments = entities?.instruments ?? (await readInstruments(reader, ask.symbols));
  const feature_sets = await readFeatureSets(postgres, ask.features ?? ['default']);
  // Of one market alone, no other one's labels are waited for.
  const subject = (instruments.length === 1 ? ask.symbols?.[0] : undefined) ?? 'all';
  const label = ask.label ?? config.labelSpec;
  await checkMade(context, label);
  const wanted = {
    feature_sets,
    label_spec: label === 'none' ? null : label,
    from: entities === null ? formatUs(parseUs(ask.from ?? '')) : null,
    to: entities === null ? formatUs(parseUs(ask.to ?? '')) : null,
    entities: entities === null ? null : { sha256: entities.sha256, rows: entities.rows },
    instruments,
  };
  const requested = { asOf: ask.as_of, subject };
  const final = await finalAsOf(context, requested, wanted, options);
  const { asOfUs, cut: covering, imported_by } = final;
  const definition: DatasetDefinition = {
    ...wanted,
    as_of: formatUs(asOfUs),
    known: ask.known ?? (entities === null ? 'as-of' : 'request'),
    keep: ask.keep ?? (entities === null ? 'complete' : 'all'),
    max_age_us: ask.max_age === undefined ? null : parseDurationUs(ask.max_age),
    ...(imported_by === undefined ? {} : { imported_by }),
  };
  if (entities !== null) await saveEntities(postgres, entities);
  const manifest = await withEntitiesFile(out, entities?.csv ?? null, (entitiesFile) =>
    buildDefined(reader, definition, { out, entitiesFile, cut: covering, onProgress }),
  );
  await saveDataset(postgres, manifest, out);
  const why = await whyMissing(reader, manifest);
  if (why !== null) options.onNotice?.(why);
  return manifest;
}

/** A spec by which nothing is graded would give a set without rows, and no hint why. */
async function checkMade({ config, questdbReader }: Context, label: string): Promise<void> {
  const made = ['none', config.labelSpec, ...config.moreLabelSpecs];
  if (made.includes(label)) return;
  const rows = await questdbReader().query('SELECT ts FROM labels WHERE label_spec = $1 LIMIT 1', [
    label,
  ]);
  if (rows.length > 0) return;
  const names = made.join(', ');
  throw new RequestError(
    `no decision is graded by ${label}, only by ${names}: set TICKLOOM_LABELS=${label}`,
  );
}

/** Runs `work` while the requests lie in a file beside `out`. */
export async function withEntitiesFile<T>(
  out: string,
  csv: string | null,
  work: (file: string | undefined) => Promise<T>,
): Promise<T> {
  if (csv === null) return work(undefined);
  const file = `${out}.entities-${process.pid}`;
  try {
    await makeFolder(dirname(out));
    await writeFile(file, csv);
    return await work(file);
  } finally {
    await rm(file, { force: true });
  }
}

async function readInstruments(
  reader: SqlReader,
  keys: readonly string[] | undefined,
): Promise<readonly string[]> {
  const isThere = async (key: string): Promise<boolean> => {
    const instrument = parseInstrumentKey(key);
    return instrument !== null && (await isStored(reader, instrument));
  };
  // One after the other: of all markets at once nothing is read for the sake of a few.
  let unknown: string | undefined;
  for (const key of keys ?? []) if (!(await isThere(key))) unknown ??= key;
  if (keys !== undefined && unknown === undefined) return [...new Set(keys)].toSorted();
  const stored = (await storedInstruments(reader)).map(instrumentKey);
  if (unknown === undefined) return stored.toSorted();
  const more = stored.length > NAMED ? ` and ${stored.length - NAMED} more` : '';
  const there = stored.slice(0, NAMED).join(', ') || 'none';
  throw new RequestError(`"${unknown}" is not stored; there are ${there}${more}`);
}

/** The instruments that a request without a venue may mean. */
export async function knownInstruments(reader: SqlReader): Promise<readonly Instrument[]> {
  const stored = await storedInstruments(reader);
  return stored.map(({ venue, symbol }) => ({ venue, symbol }));
}

interface SetRow {
  readonly feature_set: string;
  readonly name: string;
  readonly features: readonly string[] | null;
}

async function readFeatureSets(postgres: Pool, names: readonly string[]): Promise<FeatureSetUse[]> {
  const { rows } = await postgres.query<SetRow>(
    `SELECT feature_set, name, definition->'features' AS features FROM feature_sets
     ORDER BY created_at DESC, feature_set`,
  );
  const sets = names.map((name) => {
    if (name === 'default' || name === CURRENT_SET.feature_set) return CURRENT_SET;
    const row = rows.find((each) => each.feature_set === name || each.name === name);
    if (row?.features) return { feature_set: row.feature_set, features: row.features };
    const known = rows.map(({ feature_set }) => feature_set).join(', ');
    throw new RequestError(`there is no feature set "${name}"; there are ${known}`);
  });
  const short = sets.map(({ feature_set }) => feature_set.split('@')[0]);
  if (new Set(short).size === sets.length) return sets;
  throw new RequestError(`feature sets of one name cannot be distinguished: ${names.join(', ')}`);
}

async function finalAsOf(
  context: Context,
  { asOf, subject }: { readonly asOf: string | undefined; readonly subject: string },
  wanted: Parameters<typeof newestImport>[1],
  { dueTs = nowUs(), onProgress }: MakeOptions,
): Promise<{ asOfUs: number; cut: DatasetBarrier | null; imported_by?: string }> {
  const reader = context.questdbReader();
  const imports = async (byUs: number): Promise<{ imported_by?: string }> => {
    const newest = await newestImport(reader, wanted, byUs);
    return newest === null ? {} : { imported_by: formatUs(newest) };
  };
  if (asOf === undefined) {
    const settledUs = await importsSettledBy(context);
    onProgress?.('waiting until all that is known by now is stored and graded');
    const asOfUs = await appendBarrier(context, { job: 'dataset', subject, dueTs });
    const final = await coveringBarrier(context.postgres, asOfUs);
    return { asOfUs, cut: final, ...(await imports(Math.max(asOfUs, settledUs))) };
  }
  const asOfUs = parseUs(asOf);
  const settledUs = await importsSettledSoon(context, wanted);
  const covering = await coveringBarrier(context.postgres, asOfUs);
  const open =
    covering === null ? ['no as-of barrier stands behind it'] : await openBefore(context, subject);
  const imported = await imports(settledUs);
  if (open.length === 0) return { asOfUs, cut: covering, ...imported };
  onProgress?.(`what is known by ${asOf} may still grow, and the set with it: ${open.join('; ')}`);
  return { asOfUs, cut: null, ...imported };
}

/** What the flow has not passed, and decisions that could be graded and are not. */
async function openBefore(context: Context, subject: string): Promise<readonly string[]> {
  const open = await context.flowProbe().drain(DRAIN_MS);
  if (open.length > 0) return open;
  const of = subject === 'all' ? undefined : subject;
  return (await context.labelBacklog().pending(of)).map(
    ({ pending, ...work }) =>
      `${pending} decisions of ${instrumentKey(work)} wait for their labels`,
  );
}
