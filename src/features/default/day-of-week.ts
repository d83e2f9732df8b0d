/** Where a moment lies in its UTC week, as a point on a circle. */
import { US_PER_DAY } from '../../domain/time.ts';
import { circle } from '../state/circle.ts';
import type { FeatureOf } from '../state/feature.ts';

const WEEK = circle(7);
const WHAT = 'UTC day of the week, from Monday';

/** Monday is 0: the first day of 1970 was a Thursday. */
function dayOf(ts: number): number {
  const day = Math.floor(ts / US_PER_DAY) + 3;
  return day - 7 * Math.floor(day / 7);
}

export const dayOfWeekSin: FeatureOf<'moment'> = {
  name: 'day_of_week_sin',
  timeframe: 'moment',
  unit: 'cycle',
  description: `${WHAT}: sine of its angle`,
  needs: 'prices',
  value: (ts) => WEEK.sines[dayOf(ts)] as number,
};

export const dayOfWeekCos: FeatureOf<'moment'> = {
  name: 'day_of_week_cos',
  timeframe: 'moment',
  unit: 'cycle',
  description: `${WHAT}: cosine of its angle`,
  needs: 'prices',
  value: (ts) => WEEK.cosines[dayOf(ts)] as number,
};
