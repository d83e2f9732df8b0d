/**
 * An object -> a sound tick or heartbeat, or why it is none. The one check of ticks: the wire, the
 * importer of files and HTTP ask it alike, so nothing that the sink would refuse is ever sent.
 */
import { Compile } from 'typebox/compile';
import { isComposed, SYMBOL_RULE, VENUE_RULE } from '../domain/records/fields.ts';
import { Heartbeat, QuoteTick, TradeTick, type Tick } from '../domain/records/ticks.ts';

export type TickReason = 'schema' | 'price_not_positive' | 'out_of_range';

/** Why it is none: `field` is the one that is wrong, null where it is not one alone. */
export interface TickProblem {
  readonly reason: TickReason;
  readonly field: string | null;
  /** What is wrong and what is taken, without the field's name. */
  readonly detail: string;
}

export type TickKind = (Tick | Heartbeat)['kind'];

const validators = {
  trade: Compile(TradeTick),
  quote: Compile(QuoteTick),
  heartbeat: Compile(Heartbeat),
};

/**
 * Amounts lie within 20 digits before the point and 20 behind it. Everything that is made of them
 * (mids, sums, products, squares) then stays far inside what a double and the tables hold.
 */
export const AMOUNT_MIN = 1e-20;
export const AMOUNT_MAX = 1e20;

export const isTickKind = (kind: unknown): kind is TickKind =>
  kind === 'trade' || kind === 'quote' || kind === 'heartbeat';

/** A tick or heartbeat as the wire takes it. `entry` has this `kind`. Pure. */
export function checkTick(kind: TickKind, entry: unknown): Tick | Heartbeat | TickProblem {
  const validator = validators[kind];
  if (!validator.Check(entry)) return schemaProblem(kind, entry as Record<string, unknown>);
  if (!isComposed(entry.symbol)) return problem('schema', 'symbol', `is no NFC: ${SYMBOL_RULE}`);
  return amountProblem(entry) ?? entry;
}

export const isProblem = (of: Tick | Heartbeat | TickProblem): of is TickProblem => 'reason' in of;

const problem = (reason: TickReason, field: string | null, detail: string): TickProblem => ({
  reason,
  field,
  detail,
});

function amountProblem(tick: Tick | Heartbeat): TickProblem | null {
  if (tick.kind === 'heartbeat') return null;
  if (tick.kind === 'trade')
    return priceProblem('price', tick.price) ?? sizeProblem('size', tick.size);
  const { bid = null, ask = null } = tick;
  if (bid === null && ask === null) {
    return problem('schema', null, 'a quote has a bid, an ask or both');
  }
  return (
    priceProblem('bid', bid) ??
    priceProblem('ask', ask) ??
    sizeProblem('bid_size', tick.bid_size) ??
    sizeProblem('ask_size', tick.ask_size)
  );
}

type Amount = number | string | null | undefined;

const MISSING_SIDE = '; a side that is not there is left out or null, never 0';

function priceProblem(field: string, value: Amount): TickProblem | null {
  if (value === null || value === undefined) return null;
  const tooFar = rangeProblem(field, value);
  if (tooFar !== null) return tooFar;
  if (Number(value) > 0) return null;
  const hint =
    'prices are above 0, unless an instrument record says that this instrument may have others ' +
    '(spreads, rates, power)';
  return problem('price_not_positive', field, hint + (field === 'price' ? '' : MISSING_SIDE));
}

function sizeProblem(field: string, value: Amount): TickProblem | null {
  if (value === null || value === undefined) return null;
  const tooFar = rangeProblem(field, value);
  if (tooFar !== null || Number(value) >= 0) return tooFar;
  return problem('price_not_positive', field, 'sizes are not below 0');
}

/** 0 is an amount, but not where the text has another digit: 1e-999 is no 0. */
function rangeProblem(field: string, value: number | string): TickProblem | null {
  const size = Math.abs(Number(value));
  const isLost = size === 0 && typeof value === 'string' && /^[^eE]*[1-9]/.test(value);
  if (!isLost && (size === 0 || (size >= AMOUNT_MIN && size < AMOUNT_MAX))) return null;
  return problem('out_of_range', field, 'amounts are from 1e-20 to below 1e20');
}

const DECIMAL_RULE =
  'a number, or a decimal as text: digits with an optional sign, point and exponent ("5", ".5", ' +
  '"-1.25", "1e-9"), at most 40 characters, no blanks and no commas';

/** What each field has to be, in words: what a schema's own message says is not enough. */
const RULES: Readonly<Record<string, string>> = {
  venue: VENUE_RULE,
  symbol: SYMBOL_RULE,
  ts: 'a whole number of microseconds since 1970 UTC, below 2^53, no text',
  id: 'text of 1 to 64 printable ASCII characters without blanks; left out or null where none',
  side: '"buy" or "sell", in lower case; left out or null where it is not known',
  price: DECIMAL_RULE,
  size: DECIMAL_RULE,
  bid: DECIMAL_RULE,
  ask: DECIMAL_RULE,
  bid_size: DECIMAL_RULE,
  ask_size: DECIMAL_RULE,
};

const NEEDED: Readonly<Record<TickKind, readonly string[]>> = {
  trade: ['venue', 'symbol', 'ts', 'price', 'size'],
  quote: ['venue', 'symbol', 'ts'],
  heartbeat: ['venue', 'symbol', 'ts'],
};

const SHOWN_MAX = 60;

function schemaProblem(kind: TickKind, entry: Readonly<Record<string, unknown>>): TickProblem {
  const missing = NEEDED[kind].find((field) => entry[field] === undefined);
  if (missing !== undefined) return problem('schema', missing, 'is missing');
  for (const { instancePath } of validators[kind].Errors(entry)) {
    const field = instancePath.split('/')[1] ?? '';
    const rule = RULES[field];
    if (rule !== undefined) {
      return problem('schema', field, `${shown(entry[field])} is not ${rule}`);
    }
  }
  return problem('schema', null, 'does not match the schema');
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN_MAX);
