/**
 * A model file of ours that comes from outside -> whether its manifest is one: everything that
 * serving counts with is a number within reason, and what is kept in the tables fits into them.
 */
import { quoted } from '../domain/quoted.ts';
import type { FeatureRange, ModelManifest } from './artefact.ts';

/** A file of a model: its trees, twice, and what they were made from. */
export const MODEL_FILE_BYTES_MAX = 128 * 1024 * 1024;

const TEXT_MAX = 8 * 1024 * 1024;
const DEPTH_MAX = 32;
const NAME_MAX = 300;
/** A shift in log-odds, or a return, beyond any that a training gives. */
const NUMBER_MAX = 1e6;

/** Throws an error that names the part of the manifest that is not what it should be. */
export function checkManifest(manifest: ModelManifest): void {
  checkDepth(manifest);
  const text = JSON.stringify(manifest);
  if (text.length > TEXT_MAX) {
    throw wrong(`it has ${text.length} characters; up to ${TEXT_MAX} are taken`);
  }
  if (text.includes('\\u0000')) throw wrong('it has a NUL in a text');
  for (const name of ['feature_set', 'label_spec', 'library'] as const) {
    const value: unknown = manifest[name];
    if (typeof value !== 'string' || value.length > NAME_MAX) throw wrong(`${name} is no name`);
  }
  const { dataset_id: id } = manifest;
  if (id !== null && typeof id !== 'string') throw wrong('dataset_id is no id');
  checkServing(manifest);
  checkRanges(manifest);
}

const wrong = (what: string): Error =>
  new Error(`the manifest of the model file is not one: ${what}. Take the file as it was trained`);

/** Before anything goes through it by recursion. */
function checkDepth(manifest: unknown): void {
  if (typeof manifest !== 'object' || manifest === null) throw wrong('it is no object');
  let level: unknown[] = [manifest];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX) throw wrong(`it is nested deeper than ${DEPTH_MAX}`);
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : [],
    );
  }
}

const isNumber = (value: unknown, most = NUMBER_MAX): boolean =>
  typeof value === 'number' && Math.abs(value) <= most;

function checkServing({ serving, expires_ts: expires }: ModelManifest): void {
  const parts = Object.entries({ direction_shift: 0, ...serving });
  for (const name of ['base_log_odds', 'direction_shrink', 'return_scale', 'direction_shift']) {
    const value = parts.find(([each]) => each === name)?.[1];
    if (!isNumber(value)) throw wrong(`serving.${name} is ${quoted(String(value))}`);
  }
  if (expires !== null && !Number.isSafeInteger(expires)) {
    throw wrong(`expires_ts is ${quoted(String(expires))}, no time in microseconds`);
  }
}

const NO_RANGE = { name: null, low: null, high: null, null_share: null };

function checkRanges({ features }: ModelManifest): void {
  if (!Array.isArray(features)) throw wrong('it has no features');
  for (const range of features as readonly (FeatureRange | null)[]) {
    const { name, low, high, null_share: share } = range ?? NO_RANGE;
    const bounds = [low, high].every((bound) => bound === null || isNumber(bound, Infinity));
    if (typeof name !== 'string' || !bounds || !isNumber(share, 1)) {
      throw wrong(`the range of feature ${quoted(String(name))} is none`);
    }
  }
}
