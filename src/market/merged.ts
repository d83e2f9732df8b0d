/** Several synthetic instruments of one seed as one stream in time order. */
import type { TradeTick } from '../domain/wire.ts';
import { syntheticTrades, type SyntheticMarket } from './synthetic.ts';

export interface MergedMarket extends Omit<SyntheticMarket, 'symbol'> {
  readonly symbols: readonly string[];
  /** Exclusive. */
  readonly toUs: number;
  /** Ticks before this are made, because the market needs them, and left out. */
  readonly skipToUs?: number;
}

export function* mergedTrades(
  market: MergedMarket,
): Generator<{ tick: TradeTick; receivedUs: number }> {
  const { symbols, toUs, skipToUs = 0, ...rest } = market;
  const sources = symbols.map((symbol) => syntheticTrades({ ...rest, symbol }));
  const heads = sources.map((source) => source.next().value as TradeTick);
  for (;;) {
    let first = 0;
    for (let i = 1; i < heads.length; i++) {
      if ((heads[i]?.ts ?? Infinity) < (heads[first]?.ts ?? Infinity)) first = i;
    }
    const tick = heads[first];
    const source = sources[first];
    if (tick === undefined || source === undefined || tick.ts >= toUs) return;
    if (tick.ts >= skipToUs) yield { tick, receivedUs: tick.ts };
    heads[first] = source.next().value as TradeTick;
  }
}
