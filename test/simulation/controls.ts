/**
 * Control records and models for the simulated log: signed by the real helper with a key of the
 * test's own, bots that trade, wait in vain and are refused, and models that are pure functions.
 */
import { modelSlotKey, type BotControl, type ModelControl } from '../../src/domain/control.ts';
import { US_PER_HOUR } from '../../src/domain/time.ts';
import type { Control } from '../../src/domain/wire.ts';
import type { ModelManifest } from '../../src/learning/artefact.ts';
import type { ServingModel } from '../../src/learning/serving-model.ts';
import { controlBot, paperBot } from '../../src/app/seed.ts';
import {
  onlyKey,
  signControl,
  verifyControl,
  type ControlVerdict,
} from '../../src/stream/control-key.ts';

export const HORIZON_US = US_PER_HOUR;
export const LABEL_SPEC = 'direction_1h@1';

const KEY = 'the key of a simulated installation';

const KEYS = onlyKey(KEY);

const verified = new Map<string, ControlVerdict>();

/** Remembers its answers: the same few records are asked for thousands of times. */
export function verify(control: Control): ControlVerdict {
  const text = JSON.stringify(control);
  const verdict = verified.get(text) ?? verifyControl(KEYS, control);
  verified.set(text, verdict);
  return verdict;
}

type Draft = Pick<Control, 'type' | 'subject' | 'version'> & { readonly body: object };

/** The installation's clock, as its processes put it into the log. */
export const clockRecord = (ts: number): Control =>
  controlRecord({ type: 'clock', subject: 'clock', body: { ts } });

/** A control record as the outbox appends it; by a stranger's key it is not ours. */
export const controlRecord = (draft: Draft, key = KEY): Control =>
  signControl(key, {
    kind: 'control',
    control_id: `${draft.type}:${draft.subject}:${draft.version}`,
    ...draft,
    body: draft.body as Record<string, unknown>,
  });

/** Without a key id, as records were before there were any. */
export function forged(draft: Draft): Control {
  const { key_id: _, ...control } = controlRecord(draft, 'the key of somebody else');
  return control;
}

const installed = { labelSpec: LABEL_SPEC, horizonUs: HORIZON_US, orderLatencyUs: 250_000 };
/** As records from before bots said on whom they act: they trade whoever decides. */
const { acts_on: _champions, ...settings } = paperBot(installed);
const patient = { min_confidence: 0.5, max_holding_s: 60, stop_atr: 0.3, target_atr: 0.2 };

/**
 * A patient bot; one whose orders mostly expire, and who asks more of a young model; one whose
 * account nobody can convert to; and the control group.
 */
export const BOTS: readonly BotControl[] = [
  { ...settings, ...patient },
  {
    ...settings,
    bot: 'hasty',
    account: 'hasty',
    min_confidence: 0.5,
    ...{ young_s: 45, young_min_confidence: 0.6 },
    expiry_s: 1,
  },
  {
    ...settings,
    bot: 'foreign',
    account: 'foreign',
    instruments: ['kraken:ETH/USD'],
    account_currency: 'JPY',
  },
  { ...controlBot(installed), ...patient },
];

export const botRecord = (bot: BotControl, version = 1): Control =>
  controlRecord({ type: 'bot', subject: bot.bot, version, body: bot });

export function modelRecord(
  at: { readonly venue: string; readonly symbol: string },
  state: ModelControl['state'],
  modelId: string,
  version: number,
): Control {
  const { venue, symbol } = at;
  const slot = state === 'shadow' ? modelId : 'champion';
  const body: ModelControl = {
    venue,
    symbol,
    label_spec: LABEL_SPEC,
    slot,
    model_id: modelId,
    sha256: '0'.repeat(64),
    state,
  };
  const subject = modelSlotKey(venue, symbol, LABEL_SPEC, slot);
  return controlRecord({ type: 'model', subject, version, body });
}

export const haltRecord = (account: string, untilUs: number, version: number): Control => {
  const body = { account, until_ts: untilUs, reason: 'daily loss' };
  return controlRecord({ type: 'halt', subject: account, version, body });
};

export const cutRecord = (value: number, version: number): Control =>
  controlRecord({ type: 'cut', subject: 'all', version, body: { value } });

/** A model that answers by the row alone, differently for every model id. */
export function fakeModel(modelId: string, expiresTs: number): ServingModel {
  const weight = Buffer.from(modelId).reduce((sum, byte) => sum + byte, 0);
  return {
    manifest: {} as ModelManifest,
    expiresTs,
    predict: (values) => {
      const sum = values.reduce<number>((total, value) => total + (value ?? 1), 0);
      const wave = Math.sin(sum * weight);
      const outlier = Math.abs(wave) > 0.95;
      return { probabilityUp: 0.5 + 0.4 * wave, expectedReturn: wave / 1000, outlier };
    },
  };
}
