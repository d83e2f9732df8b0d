/**
 * Where a moment lies in what repeats, a day or a week, as a point on a circle: no edge at its end.
 */
import type { TimeframeFeature } from './feature.ts';

const turn = (part: number, whole: number): number => (2 * Math.PI * part) / whole;

/** The last digit of sine and cosine differs between builds of Node; a replay must not. */
const steady = (value: number): number => Math.round(value * 1e12) / 1e12 + 0;

interface Cycle {
  readonly name: string;
  readonly description: string;
  /** Into how many equal parts it is divided … */
  readonly parts: number;
  /** … and in which of them, from 0, a moment lies; microseconds. */
  readonly positionAt: (ts: number) => number;
}

/** Two features: sine and cosine of the angle. */
export function circle({ name, description, parts, positionAt }: Cycle) {
  const feature = (
    end: string,
    word: string,
    of: (angle: number) => number,
  ): TimeframeFeature<'moment'> => {
    const values = Float64Array.from({ length: parts }, (_, part) => steady(of(turn(part, parts))));
    return {
      name: `${name}_${end}`,
      timeframe: 'moment',
      unit: 'cycle',
      description: `${description}: ${word} of its angle`,
      needs: 'prices',
      value: (ts) => values[positionAt(ts)] as number,
    };
  };
  return { sin: feature('sin', 'sine', Math.sin), cos: feature('cos', 'cosine', Math.cos) };
}
