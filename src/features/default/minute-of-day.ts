/** Where a moment lies in its UTC day, as a point on a circle: midnight has no edge. */
import { US_PER_DAY, US_PER_MIN } from '../../domain/time.ts';
import { circle } from '../state/circle.ts';
import type { FeatureOf } from '../state/feature.ts';

const DAY = circle(US_PER_DAY / US_PER_MIN);
const WHAT = 'Minute of the UTC day in which the moment lies';

const minuteOf = (ts: number): number =>
  Math.floor((ts - Math.floor(ts / US_PER_DAY) * US_PER_DAY) / US_PER_MIN);

export const minuteOfDaySin: FeatureOf<'moment'> = {
  name: 'minute_of_day_sin',
  timeframe: 'moment',
  unit: 'cycle',
  description: `${WHAT}: sine of its angle`,
  needs: 'prices',
  value: (ts) => DAY.sines[minuteOf(ts)] as number,
};

export const minuteOfDayCos: FeatureOf<'moment'> = {
  name: 'minute_of_day_cos',
  timeframe: 'moment',
  unit: 'cycle',
  description: `${WHAT}: cosine of its angle`,
  needs: 'prices',
  value: (ts) => DAY.cosines[minuteOf(ts)] as number,
};
