/** Why a candidate waits, in a sentence for a person. */
import { formatUs } from '../domain/time.ts';
import { findShadow, type KnownModel, type Registry } from './model-change.ts';

/** Null: it is no candidate, and waits for nothing. `models` of the registry: newest first. */
export function waitsBecause(registry: Registry, model: KnownModel): string | null {
  const { models, atTs } = registry;
  const { state, passed, failed, expiresTs } = model;
  if (state !== 'candidate') return null;
  if (passed !== true) {
    const lacks = failed.length === 0 ? 'none are graded yet' : failed.join('; ');
    const barrier = 'the as-of barrier of its data set';
    return `it waits for outcomes behind ${barrier}, to be judged by: ${lacks}`;
  }
  if (expiresTs !== null && atTs !== null && atTs > expiresTs) {
    return `it passed the gate, and expired at ${formatUs(expiresTs)} before it had its turn`;
  }
  const newer = models.slice(0, models.indexOf(model)).filter((of) => mayFollow(of, atTs)).length;
  const turn =
    newer === 0
      ? 'it is next'
      : `${newer} newer ${newer === 1 ? 'one comes' : 'ones come'} before it`;
  const shadow = findShadow(registry);
  if (shadow === null) return `it passed the gate and waits for the next review: ${turn}`;
  return (
    `it passed the gate and waits for the one place of a shadow, which ${shadow.modelId} holds ` +
    `until it wins, has lost or has had its time: ${turn}`
  );
}

/** Whether a candidate may become the shadow. */
export const mayFollow = ({ state, passed, expiresTs }: KnownModel, atTs: number | null): boolean =>
  state === 'candidate' &&
  passed === true &&
  (expiresTs === null || atTs === null || atTs <= expiresTs);
