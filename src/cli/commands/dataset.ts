/** `tickloom dataset build | list | show | verify | pull | statistics`: training sets. */
import { existsSync } from 'node:fs';
import { cp, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import {
  RequestError,
  checkRequest,
  type DatasetRequest,
} from '../../../pipelines/dataset/request.ts';
import { buildDefined } from '../../../pipelines/dataset/build.ts';
import {
  parseDefinition,
  MANIFEST,
  type DatasetManifest,
} from '../../../pipelines/dataset/definition.ts';
import { readEntityFile } from '../../../pipelines/dataset/entities.ts';
import { toDataFrame } from '../../summaries/frame.ts';
import {
  knownInstruments,
  makeDataset,
  withEntitiesFile,
} from '../../../pipelines/dataset/make.ts';
import {
  isTrainedSet,
  verifyTrainedSet,
  type TrainedSet,
} from '../../../pipelines/dataset/trained.ts';
import { verifyDataset, wrongFiles } from '../../../pipelines/dataset/verify.ts';
import { parseLabelSpec } from '../../domain/label-spec.ts';
import { formatUs, parseUs } from '../../domain/time.ts';
import { instrumentKey } from '../../domain/wire.ts';
import type { Context } from '../../runtime/context.ts';
import {
  coveringBarrier,
  listDatasets,
  readDataset,
  readEntities,
  saveDataset,
  type StoredDataset,
} from '../../postgres/tables/datasets.ts';
import { trainingData, type TrainingData } from '../../questdb/tables/training-data.ts';
import {
  CommandError,
  instrumentOption,
  isInstrument,
  namesIn,
  outputFor,
  repeated,
  withContext,
  type Output,
} from '../support/context.ts';
import { emptyPlace } from '../support/empty-place.ts';
import { refuseUnstored } from '../support/known.ts';
import { columns, show as shown, type Columns } from '../support/table.ts';

interface BuildFlags {
  readonly features?: string;
  readonly label?: string;
  readonly from?: string;
  readonly to?: string;
  readonly asOf?: string;
  readonly symbols?: readonly string[];
  readonly entities?: string;
  readonly known?: 'as-of' | 'request';
  readonly keep?: 'complete' | 'all';
  readonly maxAge?: string;
  readonly out: string;
}

export function datasetCommands(program: Command): void {
  const dataset = program
    .command('dataset')
    .description('build, list, check and copy training sets');
  dataset
    .command('build')
    .description('build a set: features joined with labels as known at one moment, as Parquet')
    .option('--features <sets>', 'names of feature sets, with commas between (default: default)')
    .option('--label <spec>', 'label spec, or none (default: the one that is predicted)')
    .option('--from <time>', 'all decisions from then on: RFC 3339 or a UTC date')
    .option('--to <time>', 'and before then')
    .option('--entities <file>', 'instead: your own requests, CSV or Parquet: symbol, ts [, venue]')
    .option('--as-of <time>', 'what was known then (default: now, behind an as-of barrier)')
    .option('--symbols <keys>', 'venue:symbol,… or several times (default: all)', repeated)
    .addOption(
      new Option(
        '--known <when>',
        'for requests: a feature counts as known at (default: request)',
      ).choices(['request', 'as-of']),
    )
    .addOption(
      new Option(
        '--keep <rows>',
        'complete rows, or all with nulls (default: all for requests)',
      ).choices(['complete', 'all']),
    )
    .option('--max-age <duration>', 'a feature row that is older than this at the request is none')
    .requiredOption('--out <dir>', 'a directory that is not there yet')
    .action(build);
  dataset.command('list').description('list sets that were built or trained on').action(list);
  dataset
    .command('show')
    .argument('<id>')
    .description("show a set's definition, counts and exclusions")
    .action(show);
  dataset
    .command('verify')
    .argument('<id or dir>')
    .description('check a set: hash its files, build it again, and compare the bytes')
    .action(verify);
  dataset
    .command('pull')
    .argument('<id>')
    .description('copy a set; it is built again where its files are gone')
    .requiredOption('--out <dir>', 'a directory that is not there yet')
    .action(pull);
  dataset
    .command('statistics')
    .description('show what there is to train on: samples, balance, growth')
    .option('--symbol <key>', 'venue:symbol (default: every instrument)')
    .option('--label <spec>', 'label spec (default: all)')
    .action(statistics);
}

const isJson = (command: Command): boolean => command.optsWithGlobals()['json'] === true;

async function build(flags: BuildFlags, command: Command): Promise<void> {
  const output = outputFor(command);
  const out = emptyPlace(flags.out);
  const request = toRequest(flags);
  await asUsageError(async () => checkRequest(request, flags.entities !== undefined));
  await withContext('cli', async (context) => {
    const { entities: file } = flags;
    const manifest = await asUsageError(async () => {
      const known = file === undefined ? [] : await knownInstruments(context.questdbReader());
      const entities = file === undefined ? null : await readEntityFile(file, known);
      const heard = { onProgress: output.notify, onNotice: output.notify };
      return makeDataset(context, request, { out, entities, ...heard });
    });
    output.show(manifest, summary(manifest, flags.out));
  });
}

/** A wrong request is wrong usage. */
async function asUsageError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof RequestError ? new CommandError(error.message, 2) : error;
  }
}

function toRequest(flags: BuildFlags): DatasetRequest {
  const { features, label, from, to, asOf, symbols, known, keep, maxAge } = flags;
  const given = {
    features: features?.split(','),
    label,
    from,
    to,
    as_of: asOf,
    symbols: namesIn(symbols, isInstrument),
    known,
    keep,
    max_age: maxAge,
  };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as DatasetRequest;
}

function summary(manifest: DatasetManifest, out: string): string {
  const { dataset_id: id, rows, rows_in: rowsIn, excluded, incomplete } = manifest;
  const left = listed(excluded) === '' ? '' : `; left out: ${listed(excluded)}`;
  const lacking = listed(incomplete) === '' ? '' : `; incomplete: ${listed(incomplete)}`;
  return `${id}: ${rows} of ${rowsIn} rows in ${out}${left}${lacking}`;
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([reason, n]) => `${n} ${reason}`)
    .join(', ');

async function list(_flags: unknown, command: Command): Promise<void> {
  await withContext('cli', async ({ postgres }) => {
    const rows = (await listDatasets(postgres)).map((row) => ({
      ...row,
      created_at: formatUs(row.created_at),
    }));
    const lines = rows.map(({ dataset_id: id, rows: n, label_spec: label, from, to, path }) => {
      const range = from === null ? '' : `${from.slice(0, 10)}..${to?.slice(0, 10) ?? ''}`;
      return [id, `${n} rows`, label ?? '', range, path ?? 'no files'].join('  ');
    });
    outputFor(command).show(rows, lines.join('\n'));
  });
}

async function show(id: string, _flags: unknown, command: Command): Promise<void> {
  await withContext('cli', async ({ postgres }) => {
    const { manifest } = await stored(postgres, id);
    const table = Object.entries(manifest.excluded ?? {}).map(([reason, n]) => ({
      reason,
      rows: n,
    }));
    if (isJson(command) || table.length === 0) {
      console.log(JSON.stringify(manifest, null, 2));
      return;
    }
    console.log(`${id}: ${String(manifest.rows)} rows; left out:`);
    (await toDataFrame(table)).print();
  });
}

async function stored(
  postgres: Context['postgres'],
  id: string,
): Promise<StoredDataset<DatasetManifest | TrainedSet>> {
  const row = await readDataset<DatasetManifest | TrainedSet>(postgres, id);
  if (row !== null) return row;
  throw new CommandError(`there is no data set "${id}"; "dataset list" shows those that exist`);
}

/** A directory with a manifest, or what is stored under the id. */
async function find(context: Context, idOrDir: string) {
  if (!existsSync(join(idOrDir, MANIFEST))) {
    const { manifest, path } = await stored(context.postgres, idOrDir);
    return { manifest, dir: path !== null && existsSync(path) ? path : null };
  }
  const text = await readFile(join(idOrDir, MANIFEST), 'utf8');
  return { manifest: JSON.parse(text) as DatasetManifest, dir: resolve(idOrDir) };
}

const entityReader =
  ({ postgres }: Context, { entities }: DatasetManifest) =>
  async (): Promise<string | null> =>
    entities ? readEntities(postgres, entities.sha256) : null;

async function verify(idOrDir: string, _flags: unknown, command: Command): Promise<void> {
  const output = outputFor(command);
  await withContext('cli', async (context) => {
    const { manifest, dir } = await find(context, idOrDir);
    if (isTrainedSet(manifest)) return verifyTrained(context, manifest, output);
    const { dataset_id: id, rows, files } = manifest;
    const findings = await verifyDataset(context.questdbReader(), manifest, {
      dir,
      entities: entityReader(context, manifest),
      onProgress: output.notify,
    });
    const whole = dir === null ? 'its files are gone, ' : `all ${files.length} files are whole, `;
    const same = `${whole}and made again from the tables it is the same, byte for byte`;
    showFindings(output, { id, dir, findings }, `${same} (${rows} rows)`);
  });
}

async function verifyTrained(
  context: Context,
  manifest: TrainedSet,
  output: Output,
): Promise<void> {
  const { dataset_id: id, rows } = manifest;
  const findings = await verifyTrainedSet(context.questdbReader(), manifest);
  const same = `read again from the tables it is what was trained on, bit for bit (${rows} rows)`;
  showFindings(output, { id, dir: null, findings }, same);
}

interface Verified {
  readonly id: string;
  readonly dir: string | null;
  readonly findings: readonly string[];
}

function showFindings(output: Output, { id, dir, findings }: Verified, same: string): void {
  const isSame = findings.length === 0;
  const differs = [`${id}: DIFFERS`, ...findings.map((finding) => `  ${finding}`)].join('\n');
  const text = isSame ? `${id}: ${same}` : differs;
  output.show({ dataset_id: id, same: isSame, dir, findings }, text);
  if (!isSame) process.exitCode = 1;
}

async function pull(id: string, flags: { readonly out: string }, command: Command): Promise<void> {
  const output = outputFor(command);
  const out = emptyPlace(flags.out);
  await withContext('cli', async (context) => {
    const { manifest, path } = await stored(context.postgres, id);
    if (isTrainedSet(manifest)) return pullTrained(context, manifest, out, output);
    const isWhole = path !== null && (await wrongFiles(manifest, path)).length === 0;
    if (isWhole) await cp(path, out, { recursive: true });
    else await remake(context, manifest, out, output);
    const how = isWhole ? 'copied' : 'made again from the tables';
    output.show(manifest, `${id}: ${manifest.rows} rows in ${flags.out}, ${how}`);
  });
}

/** A training writes no files: they are made of its definition, with an id of their own. */
async function pullTrained(
  context: Context,
  manifest: TrainedSet,
  out: string,
  output: Output,
): Promise<void> {
  const { dataset_id: id, pool } = manifest;
  const differs = (await verifyTrainedSet(context.questdbReader(), manifest)).length > 0;
  if (differs) throw new CommandError(otherNow(id, 'a training writes no files'));
  const cut = await coveringBarrier(context.postgres, parseUs(manifest.as_of));
  const definition = parseDefinition(manifest);
  const options = { out, cut, onProgress: output.notify };
  const made = await buildDefined(context.questdbReader(), definition, options);
  await saveDataset(context.postgres, made, out);
  const of = pool.length === 0 ? '' : `, of the pool's ${pool.length} instruments too`;
  output.show(made, `${id}: ${made.rows} rows in ${out}${of}, as ${made.dataset_id}`);
}

const otherNow = (id: string, files: string): string =>
  `${id}: ${files}, and the tables give another set now: "dataset verify ${id}" says in what`;

async function remake(
  context: Context,
  manifest: DatasetManifest,
  out: string,
  { notify }: Output,
): Promise<void> {
  const definition = parseDefinition(manifest);
  const csv = await entityReader(context, manifest)();
  const again = await withEntitiesFile(out, csv, (entitiesFile) => {
    const options = { out, entitiesFile, cut: manifest.cut, onProgress: notify };
    return buildDefined(context.questdbReader(), definition, options);
  });
  if (again.sha256 === manifest.sha256) return;
  await rm(out, { recursive: true });
  throw new CommandError(otherNow(manifest.dataset_id, 'its files are gone'));
}

async function statistics(
  { symbol: key, label }: { readonly symbol?: string; readonly label?: string },
  command: Command,
): Promise<void> {
  const instrument = key === undefined ? {} : instrumentOption(key);
  if (label !== undefined) checkLabel(label);
  await withContext('cli', async (context) => {
    const reader = context.questdbReader();
    const found = await trainingData(reader, { ...instrument, labelSpec: label });
    if (found.length === 0) await refuseUnstored(context, key);
    const text = found.length === 0 ? 'nothing has been graded yet' : columns(STATISTICS, found);
    outputFor(command).show(found, text);
  });
}

function checkLabel(label: string): void {
  try {
    parseLabelSpec(label);
  } catch (error) {
    throw new CommandError(`--label: ${(error as Error).message}`, 2);
  }
}

const STATISTICS: Columns<TrainingData> = [
  ['instrument', (row) => instrumentKey(row)],
  ['label', ({ label_spec: spec }) => spec],
  ['samples', ({ samples }) => String(samples)],
  ['up', ({ up_share: share }) => shown(share, 3)],
  ['newest week', ({ newest_week: samples }) => String(samples)],
  ['week before', ({ week_before: samples }) => String(samples)],
  ['void', ({ void: reasons }) => listed(reasons) || '-'],
  ['last', ({ last_ts: ts }) => (ts === null ? '-' : `${formatUs(ts).slice(0, 19)}Z`)],
  ['was', ({ last_up: up }) => (up === null ? '-' : up === 1 ? 'up' : 'down')],
];
