/** The feature record, and its row in QuestDB without the features themselves. */
import { Type, type Static } from 'typebox';
import { Candle } from './candle.ts';
import {
  clocks,
  field,
  importedAt,
  instrument,
  Name,
  nullable,
  record,
  stored,
  Ts,
} from './fields.ts';

const names = {
  feature_id: field(Name, 'The id: feature set, venue, symbol and `ts`.'),
  feature_set: field(Name, 'The name of the set, and a hash of its definition.'),
};
const ts = field(Ts, 'The end of the candle.');

const FEATURE =
  'The features of an instrument at the end of a candle, with the candles that end there.';
export const Feature = record(FEATURE, {
  kind: field(Type.Literal('feature'), 'The kind.'),
  ...names,
  ...instrument,
  ts,
  ...clocks(Ts),
  candles: field(Type.Array(Candle), 'The candles that end at `ts`, the shortest first.'),
  values: field(
    Type.Record(Type.String(), nullable(Type.Number())),
    'The features by name; null where one cannot be computed yet.',
  ),
  flags: field(Type.Array(Type.String()), 'What an analyst has to know of: `gap`.'),
  imported_at: importedAt,
});

export const StoredFeature = Type.Object({
  ts,
  ...clocks(Ts),
  ...instrument,
  feature_set: names.feature_set,
  revision: stored.revision,
  feature_id: names.feature_id,
  flags: stored.flags,
  imported_at: stored.imported_at,
});

export type Feature = Static<typeof Feature>;
