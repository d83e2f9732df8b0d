/**
 * Served feature values -> the market's regime at a decision: how much it moves against its own
 * usual, and whether it has a direction. A stated rule, not a fitted one: the same word means the
 * same for every instrument and model.
 *
 * Volatility: `realised_vol_ratio_1m`, that of 20 minutes over its own average of 120; a quarter
 * less is calm, a third more is wild. Trend: `adx_14_5m`, Wilder's index of how much of a direction
 * there is ("New Concepts in Technical Trading Systems", 1978), from the usual 25 on.
 */
export const REGIME_FEATURES = ['realised_vol_ratio_1m', 'adx_14_5m'] as const;

type Volatility = 'calm' | 'usual' | 'wild';
type Trend = 'range' | 'trend';
export type Regime = `${Volatility} ${Trend}`;

const CALM_BELOW = 0.75;
const WILD_ABOVE = 4 / 3;
const TREND_FROM = 25;

/** Values in the order of `REGIME_FEATURES`; null where one is missing. */
export function classifyRegime(
  volatilityRatio: number | null,
  trendIndex: number | null,
): Regime | null {
  if (volatilityRatio === null || trendIndex === null) return null;
  const trend: Trend = trendIndex >= TREND_FROM ? 'trend' : 'range';
  if (volatilityRatio < CALM_BELOW) return `calm ${trend}`;
  return volatilityRatio > WILD_ABOVE ? `wild ${trend}` : `usual ${trend}`;
}
