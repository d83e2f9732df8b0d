/** Where a moment lies in its UTC day and week, as points on a circle: midnight has no edge. */
import { US_PER_DAY, US_PER_MIN } from '../domain/time.ts';
import type { FeatureDefinition, Values } from './feature.ts';

export const TIME_FEATURES: readonly FeatureDefinition[] = [
  ...onCircle('minute_of_day', 'Minute of the UTC day in which the moment lies'),
  ...onCircle('day_of_week', 'UTC day of the week, from Monday'),
];

function onCircle(name: string, description: string): FeatureDefinition[] {
  const common = { unit: 'cycle', needs: 'prices' } as const;
  return [
    { ...common, name: `${name}_sin`, description: `${description}: sine of its angle` },
    { ...common, name: `${name}_cos`, description: `${description}: cosine of its angle` },
  ];
}

/** Writes the values of `TIME_FEATURES` from `values[at]` on. */
export function writeTime(values: Values, at: number, ts: number): void {
  const day = Math.floor(ts / US_PER_DAY);
  const minuteOfDay = Math.floor((ts - day * US_PER_DAY) / US_PER_MIN);
  // Monday is 0: the first day of 1970 was a Thursday.
  const dayOfWeek = day + 3 - 7 * Math.floor((day + 3) / 7);
  values[at] = DAY.sines[minuteOfDay] as number;
  values[at + 1] = DAY.cosines[minuteOfDay] as number;
  values[at + 2] = WEEK.sines[dayOfWeek] as number;
  values[at + 3] = WEEK.cosines[dayOfWeek] as number;
}

const turn = (part: number, whole: number): number => (2 * Math.PI * part) / whole;

/** The last digit of sine and cosine differs between builds of Node; a replay must not. */
const steady = (value: number): number => Math.round(value * 1e12) / 1e12 + 0;

const circle = (parts: number): { sines: Float64Array; cosines: Float64Array } => ({
  sines: Float64Array.from({ length: parts }, (_, part) => steady(Math.sin(turn(part, parts)))),
  cosines: Float64Array.from({ length: parts }, (_, part) => steady(Math.cos(turn(part, parts)))),
});

const DAY = circle(US_PER_DAY / US_PER_MIN);
const WEEK = circle(7);
