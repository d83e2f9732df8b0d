/** Where a moment lies in its UTC week. */
import { US_PER_DAY } from '../../domain/time.ts';
import { circle } from '../state/circle.ts';

export const dayOfWeek = circle({
  name: 'day_of_week',
  description: 'UTC day of the week, from Monday',
  parts: 7,
  positionAt: (ts) => {
    // Monday is 0: the first day of 1970 was a Thursday.
    const day = Math.floor(ts / US_PER_DAY) + 3;
    return day - 7 * Math.floor(day / 7);
  },
});
