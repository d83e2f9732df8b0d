/** Where a moment lies in its UTC day: midnight has no edge. */
import { US_PER_DAY, US_PER_MIN } from '../../domain/time.ts';
import { circle } from '../state/circle.ts';

export const minuteOfDay = circle({
  name: 'minute_of_day',
  description: 'Minute of the UTC day in which the moment lies',
  parts: US_PER_DAY / US_PER_MIN,
  positionAt: (ts) => Math.floor((ts - Math.floor(ts / US_PER_DAY) * US_PER_DAY) / US_PER_MIN),
});
