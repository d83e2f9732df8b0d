/** The points of a circle in equal parts: what repeats, a day or a week, has no edge there. */

const turn = (part: number, whole: number): number => (2 * Math.PI * part) / whole;

/** The last digit of sine and cosine differs between builds of Node; a replay must not. */
const steady = (value: number): number => Math.round(value * 1e12) / 1e12 + 0;

export const circle = (parts: number): { sines: Float64Array; cosines: Float64Array } => ({
  sines: Float64Array.from({ length: parts }, (_, part) => steady(Math.sin(turn(part, parts)))),
  cosines: Float64Array.from({ length: parts }, (_, part) => steady(Math.cos(turn(part, parts)))),
});
