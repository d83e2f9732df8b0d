/** Where a moment lies in its UTC day and week, as points on a circle: midnight has no edge. */
import { US_PER_DAY, US_PER_MIN } from '../domain/time.ts';
import type { FeatureDefinition } from './feature.ts';

const MINUTES_PER_DAY = US_PER_DAY / US_PER_MIN;
const minuteOfDay = (ts: number): number => Math.floor(ts / US_PER_MIN) % MINUTES_PER_DAY;
/** Monday is 0: the first day of 1970 was a Thursday. */
const dayOfWeek = (ts: number): number => (Math.floor(ts / US_PER_DAY) + 3) % 7;

export const TIME_FEATURES: readonly FeatureDefinition[] = [
  ...onCircle('minute_of_day', 'Minute of the UTC day in which the moment lies', (ts) =>
    turn(minuteOfDay(ts), MINUTES_PER_DAY),
  ),
  ...onCircle('day_of_week', 'UTC day of the week, from Monday', (ts) => turn(dayOfWeek(ts), 7)),
];

const turn = (part: number, whole: number): number => (2 * Math.PI * part) / whole;

function onCircle(
  name: string,
  description: string,
  angleAt: (ts: number) => number,
): FeatureDefinition[] {
  const common = { unit: 'cycle', needs: 'prices' } as const;
  return [
    {
      ...common,
      name: `${name}_sin`,
      description: `${description}: sine of its angle`,
      read: (_, endTs) => steady(Math.sin(angleAt(endTs))),
    },
    {
      ...common,
      name: `${name}_cos`,
      description: `${description}: cosine of its angle`,
      read: (_, endTs) => steady(Math.cos(angleAt(endTs))),
    },
  ];
}

/** The last digit of sine and cosine differs between builds of Node; a replay must not. */
const steady = (value: number): number => Math.round(value * 1e12) / 1e12 + 0;
