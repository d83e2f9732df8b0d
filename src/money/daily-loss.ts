/** The daily-loss limit: realised losses of a UTC day of event time beyond it halt the account. */
import { Exact } from '../domain/exact.ts';
import type { HaltControl } from '../domain/control.ts';
import { floorTo, formatUs, US_PER_DAY } from '../domain/time.ts';

/** The halt until the next UTC midnight, or null while the day's result is within the limit. */
export function dailyLossHalt(
  account: string,
  closedTs: number,
  dayPnl: string,
  limit: string | null,
): HaltControl | null {
  if (limit === null || new Exact(dayPnl).gt(new Exact(limit).neg())) return null;
  const dayUs = floorTo(closedTs, US_PER_DAY);
  const lost = new Exact(dayPnl).neg().toFixed(2);
  return {
    account,
    until_ts: dayUs + US_PER_DAY,
    reason: `lost ${lost} on ${formatUs(dayUs).slice(0, 10)}, limit ${limit}`,
  };
}
