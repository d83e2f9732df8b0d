/** Which record kinds travel on which topic, for `docs/wire.md` and `docs/asyncapi.json`. */
import type { SCHEMAS } from '../../src/domain/wire.ts';

export type Kind = keyof typeof SCHEMAS;

/** The record kinds that belong on each topic; one of another topic is a dead letter there. */
export const KINDS_OF_TOPIC: Readonly<Record<string, readonly Kind[]>> = {
  ticks: ['trade', 'quote', 'heartbeat', 'control'],
  'ticks-backfill': ['trade', 'quote', 'heartbeat', 'control'],
  features: ['feature'],
  predictions: ['prediction'],
  signals: ['signal', 'signal_end', 'refusal'],
  fills: ['fill'],
  'dead-letters': [],
};

/** Kinds that may also come as a frame: an array of them, in one record. */
export const IN_FRAMES: readonly Kind[] = ['trade', 'quote', 'heartbeat'];
