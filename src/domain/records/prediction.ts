/** The prediction: as it travels, and as a row of QuestDB. */
import { Type, type Static } from 'typebox';
import {
  clocks,
  field,
  importedAt,
  instrument,
  Name,
  oneOf,
  Price,
  record,
  Share,
  stored,
  Ts,
} from './fields.ts';

export const LABEL_SPEC_PATTERN = '^(direction|return|barrier)_(\\d+(?:s|m|h|d))@(\\d+)$';

const ids = {
  prediction_id: field(Name, 'The id: model, label spec and feature record.'),
  feature_id: field(Name, 'The feature record that it was made from.'),
  model_id: field(Name, 'The model; `baseline@1` where no trained model is in force.'),
};
const target = {
  label_spec: field(
    Type.String({ pattern: LABEL_SPEC_PATTERN }),
    'What is predicted, and over which horizon: `direction_1h@1`.',
  ),
  slot: field(Name, '`champion`, or the id of a shadow model.'),
};
const ts = field(Ts, 'That of the feature record: the end of the candle.');
const forecast = {
  horizon_s: field(
    Type.Integer({ minimum: 1, 'x-unit': 'seconds' }),
    'How far it looks ahead, in seconds.',
  ),
  probability_up: field(Share, 'Probability that the price is higher at the horizon, 0 to 1.'),
  expected_return: field(Share, 'Expected return over the horizon, as a fraction.'),
};
const close = field(Price, 'The last price known at the decision. Never an entry price.');
const verdict = field(
  oneOf(['ok', 'outlier', 'expired', 'warming_up']),
  'Only `ok` is acted on; the others say why not.',
);

export const Prediction = record('What a model says of the time after a feature record.', {
  kind: field(Type.Literal('prediction'), 'The kind.'),
  ...ids,
  ...target,
  ...instrument,
  ts,
  ...clocks(Ts),
  ...forecast,
  close,
  verdict,
  imported_at: importedAt,
});

export const StoredPrediction = Type.Object({
  ts,
  ...clocks(Ts),
  ...instrument,
  ...target,
  ...ids,
  ...forecast,
  verdict,
  close,
  imported_at: stored.imported_at,
});

export type Prediction = Static<typeof Prediction>;
