/**
 * What a training job was trained on -> its entry among the training sets: the definition by which
 * it can be made again, and a hash of the very rows, in their order, without a file written
 */
import { createHash } from 'node:crypto';
import type { TrainingSet } from '../../src/learning/training-set.ts';
import { must } from '../../src/assert.ts';
import { canonicalJson } from '../../src/domain/control.ts';
import { parseUs } from '../../src/domain/time.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import type { PooledInstrument } from '../../src/learning/pool.ts';
import type { TrainingRow } from '../../src/learning/train-fold.ts';
import type { SqlReader } from '../../src/questdb/table.ts';
import {
  completeDecisions,
  CURRENT_SET,
  parseDefinition,
  type DatasetDefinition,
} from './definition.ts';
import { loadTrainingSet, type LoadRequest } from './load.ts';

export interface TrainedSet extends DatasetDefinition {
  readonly origin: 'training';
  readonly dataset_id: string;
  readonly sha256: string;
  /** Of the instrument that was trained, the first of `instruments`. */
  readonly rows: number;
  readonly rows_in: number;
  readonly excluded: Readonly<Record<string, number>>;
  /** Of the rows, those of an import; absent where there is no `imported_by`. */
  readonly imported?: number;
  /** Of the others, in the order of `instruments`. */
  readonly pool: readonly { readonly instrument: string; readonly rows: number }[];
}

export interface TrainedOn extends Omit<LoadRequest, 'venue' | 'symbol'> {
  /** `venue:symbol`. */
  readonly subject: string;
  readonly set: TrainingSet;
  readonly pool: readonly PooledInstrument[];
}

/** The same rows of the same definition give the same id. */
export function trainedSet(trainedOn: TrainedOn): TrainedSet {
  const { subject, set, pool } = trainedOn;
  const instruments = [subject, ...pool.map(({ instrument }) => instrument)];
  const definition = completeDecisions({ ...trainedOn, instruments });
  const hash = createHash('sha256').update(canonicalJson(definition));
  for (const rows of [set.rows, ...pool.map((member) => member.rows)]) {
    hash.update(`${rows.length}`);
    for (const row of rows) hash.update(toNumbers(row));
  }
  const sha256 = hash.digest('hex');
  return {
    origin: 'training',
    dataset_id: `ds-${sha256.slice(0, 16)}`,
    sha256,
    ...definition,
    rows: set.rows.length,
    rows_in: set.rowsIn,
    excluded: set.excluded,
    ...(trainedOn.importedByUs === undefined ? {} : { imported: set.imported ?? 0 }),
    pool: pool.map(({ instrument, rows }) => ({ instrument, rows: rows.length })),
  };
}

function toNumbers(row: TrainingRow): Float64Array {
  const { decidedTs, labelEndTs, values, up, forwardReturn } = row;
  const { championProbability, championReturn } = row;
  const recorded = [championProbability, championReturn];
  const numbers = [decidedTs, labelEndTs, up, forwardReturn, ...recorded, ...values];
  return Float64Array.from(numbers, (value) => value ?? NaN);
}

export const isTrainedSet = (manifest: object): manifest is TrainedSet =>
  'origin' in manifest && manifest.origin === 'training';

/**
 * What differs when the set is read from the tables again, one line each; empty: nothing. Throws an
 * error that says so where this version cannot read it.
 */
export async function verifyTrainedSet(reader: SqlReader, recorded: TrainedSet): Promise<string[]> {
  const again = trainedSet(await readTrainedOn(reader, recorded));
  const found = (['rows', 'rows_in', 'excluded', 'pool'] as const)
    .filter((name) => canonicalJson(recorded[name]) !== canonicalJson(again[name]))
    .map(
      (name) => `${name}: ${canonicalJson(recorded[name])}, again ${canonicalJson(again[name])}`,
    );
  if (found.length > 0 || recorded.sha256 === again.sha256) return found;
  return [`other values in as many rows: sha256 ${recorded.sha256}, again ${again.sha256}`];
}

async function readTrainedOn(reader: SqlReader, recorded: TrainedSet): Promise<TrainedOn> {
  const definition = parseDefinition(recorded);
  const { feature_sets, label_spec, from, to, as_of, instruments, imported_by } = definition;
  const { feature_set: computed } = CURRENT_SET;
  const [used] = feature_sets;
  if (used?.feature_set !== computed) {
    throw new Error(
      `it was made of ${used?.feature_set}, and this version of tickloom computes ${computed}: ` +
        'verify it with the version that made it',
    );
  }
  const request = {
    labelSpec: must(label_spec, 'a label spec that was trained on'),
    fromUs: parseUs(must(from, 'the first decision')),
    toUs: parseUs(must(to, 'the end of the decisions')),
    asOfUs: parseUs(as_of),
    ...(imported_by === undefined ? {} : { importedByUs: parseUs(imported_by) }),
  };
  const load = (key: string): Promise<TrainingSet> => {
    const { venue, symbol } = must(parseInstrumentKey(key), `"${key}" is an instrument`);
    return loadTrainingSet(reader, { venue, symbol, ...request });
  };
  const [subject, ...others] = instruments;
  const own = must(subject, 'the instrument that was trained');
  const pool: PooledInstrument[] = [];
  for (const instrument of others) pool.push({ instrument, rows: (await load(instrument)).rows });
  return { ...request, subject: own, set: await load(own), pool };
}
