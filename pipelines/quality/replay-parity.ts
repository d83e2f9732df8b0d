/**
 * Replay parity: the features that were served against those that the stored ticks give again.
 *
 * A model is trained and judged on served values, and serves on values of the stream: only where
 * both are the same may it go live. Rows of imports are left out: nobody was served with them.
 */
import {
  compareFeatures,
  recomputeFeatures,
  replayStart,
  type FeatureVector,
  type Parity,
  type ReplayState,
} from './replay.ts';
import type { TrainingSet } from '../../src/learning/training-set.ts';
import { storedMarketTicks } from './stored-market-ticks.ts';
import { venueLateness } from '../../src/domain/venues.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import type { Context } from '../../src/runtime/context.ts';
import { readReplayState, saveReplayState } from '../../src/postgres/tables/replay-state.ts';
import type { FeatureRow } from '../../src/questdb/tables/features.ts';
import { readServedFeatures } from '../../src/questdb/tables/readers.ts';
import type { Instrument } from '../../src/questdb/table.ts';

/**
 * Served features against recomputed ones, behind the place up to which they were found equal
 * before. A range that differs is looked at again by every later training.
 */
export async function replayParity(
  context: Context,
  instrument: Instrument,
  { toUs: dueTs, asOfUs }: { readonly toUs: number; readonly asOfUs: number },
  set: TrainingSet,
  { save = true }: { readonly save?: boolean } = {},
): Promise<Parity> {
  const { postgres } = context;
  const latenessUs = venueLateness(instrument.venue, context.config.latenessUs);
  const subject = instrumentKey(instrument);
  const saved = await readReplayState<ReplayState>(postgres, FEATURE_SET, subject);
  const from = { ...replayStart(), ...saved };
  const { toUs: fromUs } = from;
  const range = { fromUs, toUs: dueTs, asOfUs };
  const ticks = await storedMarketTicks(context.questdbReader(), instrument, range);
  const { vectors, end } = recomputeFeatures(instrument, ticks, dueTs - latenessUs, from);
  const byTs = new Map(vectors.map((vector) => [vector.ts, vector]));
  const trained = new Set(set.rowTs.filter((ts) => ts > fromUs));
  const rows = await readServedFeatures(context.questdbReader(), instrument, range);
  const live = rows.filter(({ imported_at = null }) => imported_at === null);
  const served = live.filter(({ ts }) => trained.has(ts)).map(servedVector);
  // Exclusions are not served rows: compare on the rows that are trained and judged on.
  const parity = compareFeatures(
    served,
    served.flatMap(({ ts }) => byTs.get(ts) ?? []),
    fromUs,
  );
  if (parity.holds && save) await saveReplayState(postgres, FEATURE_SET, subject, end);
  return parity;
}

/** A stored row's values in the order of the features. */
export const servedVector = (row: FeatureRow): FeatureVector => ({
  ts: row.ts,
  values: FEATURE_NAMES.map((name) => (row[name] as number | null | undefined) ?? null),
});
