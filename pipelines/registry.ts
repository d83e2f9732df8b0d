/**
 * a trained candidate with its verdict -> its state, and the control record that puts it in force
 *
 * A model goes live only by a record in the log: its place there says from when it decides.
 */
import { modelSlotKey, type ModelControl } from '../src/domain/control.ts';

export interface RegisteredModel {
  readonly modelId: string;
  readonly sha256: string;
  readonly venue: string;
  readonly symbol: string;
  readonly labelSpec: string;
}

export interface ModelRecord {
  readonly controlId: string;
  readonly subject: string;
  readonly body: ModelControl;
  readonly cause: string;
}

/** The record that gives a slot to the model, or takes it back to the baseline. */
export function modelRecord(
  model: RegisteredModel,
  state: ModelControl['state'],
  cause: string,
): ModelRecord {
  const { modelId, sha256, venue, symbol, labelSpec } = model;
  const slot = state === 'shadow' ? modelId : 'champion';
  return {
    controlId: `model:${state}:${modelId}:${cause}`,
    subject: modelSlotKey(venue, symbol, labelSpec, slot),
    body: { venue, symbol, label_spec: labelSpec, slot, model_id: modelId, sha256, state },
    cause,
  };
}

/**
 * `lgbm-EUR-USD-direction_1h-20140506-1a2b3c4d`: what, for which market, when, and which exactly.
 */
export function modelIdOf(
  symbol: string,
  labelSpec: string,
  trainedDay: string,
  sha256: string,
): string {
  const market = symbol.replaceAll(/[^A-Za-z0-9]/g, '-');
  const [spec] = labelSpec.split('@');
  return `lgbm-${market}-${spec}-${trainedDay.replaceAll('-', '')}-${sha256.slice(0, 8)}`;
}
