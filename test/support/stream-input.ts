/** A tick as the chain of an instrument takes it, as if it had come just when it happened. */
import type { StreamInput } from '../../pipelines/stream/stream.ts';
import type { ControlState } from '../../src/domain/control.ts';
import { toMarketTick } from '../../src/domain/tick.ts';
import { US_PER_S } from '../../src/domain/time.ts';
import type { Tick } from '../../src/domain/wire.ts';

export const LATENESS_US = 2 * US_PER_S;

export function streamInput(tick: Tick, control: ControlState): StreamInput {
  const { venue, symbol, ts } = tick;
  const at = { recordUs: ts, clockUs: ts, judgedByUs: ts, barrierUs: control.cut };
  const venueHas = { latenessUs: LATENESS_US, contiguousTradeIds: false };
  const arrival = { tick: toMarketTick(tick), ...at, ...venueHas };
  return { venue, symbol, arrival, control, getModel: noModel };
}

const noModel = (): never => {
  throw new Error('no model is in force here');
};
