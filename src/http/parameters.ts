/**
 * The query parameters that lists share: one schema each, so that all lists take the same words and
 * refuse the same mistakes.
 */
import { Type, type TProperties, type TSchema } from 'typebox';
import { parseUs } from '../domain/time.ts';
import { LABEL_SPEC_PATTERN } from '../domain/records/prediction.ts';
import { TIMEFRAMES } from '../domain/candle.ts';
import { badParameter } from './problem.ts';

const name = (description: string) => Type.String({ minLength: 1, maxLength: 200, description });
/** Its formats are for readers of the document: `parseUs` judges, takes a little more, says why. */
export const when = (description: string) =>
  Type.String({ maxLength: 40, description, anyOf: [{ format: 'date-time' }, { format: 'date' }] });
const choice = (values: readonly string[], description: string) =>
  Type.Unsafe<string>({ type: 'string', enum: [...values], description });

export const venue = name('a venue, such as oanda');
export const symbol = name('an instrument of the venue, such as EUR/USD');
export const account = name('an account');
export const bot = name('a bot');
export const state = name('a state of the items');
export const labelSpec = Type.String({
  pattern: LABEL_SPEC_PATTERN,
  description: 'a label spec, such as direction_1h@1; the configured one if left out',
});
export const timeframe = choice(
  TIMEFRAMES.map((each) => each.name),
  'length of a candle',
);
export const from = when('items at or after this time (RFC 3339, or a UTC date)');
export const to = when('items before this time (RFC 3339, or a UTC date)');
export const order = Type.Unsafe<'asc' | 'desc'>({
  type: 'string',
  enum: ['asc', 'desc'],
  default: 'desc',
  description: 'desc: newest first',
});
export const after = Type.String({
  maxLength: 2000,
  description: 'the "next" of the page before; all other parameters stay the same',
});

/** The same parameter where it may be left out. */
export const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);

/** How many items a page has; at most `maximum`. */
export const limit = (maximum = 1000) =>
  Type.Integer({ minimum: 1, maximum, default: 100, description: 'items on a page at most' });

/** Parameters of a list: nothing else is taken. */
export const parameters = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

/** In 2261: neither database has times behind it, and nothing is of then. */
const LAST_US = 9.2e15;

/** Microseconds of a time parameter, as far as the tables reach; undefined when it was left out. */
export function timeParameter(parameter: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  try {
    return Math.min(Math.max(parseUs(value), 0), LAST_US);
  } catch (error) {
    throw badParameter(parameter, (error as Error).message);
  }
}
