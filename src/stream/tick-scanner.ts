/**
 * bytes of a `ticks` record in the form that feeds send -> ticks; null for whatever is not exactly
 * that, which `decode.ts` then takes apart by JSON.parse and the schemas.
 *
 * JSON.parse with its garbage and the validators cost several times as much
 * (`test/bench/decode.ts`): here is one walk over the bytes, no strings but the id, numbers by
 * their digits, and most of it is only compared with the tick before (`tick-shape.ts`). It never
 * says that a record is dead and never takes one that the schemas would not: only fields that the
 * schema names, each once, no escapes but in a symbol, no exponents, no nulls, both sides of a
 * quote, nothing that 53 bits do not hold. So no amount lies outside what `check-tick.ts` takes.
 * `tick-scanner.test.ts` holds it against the plain way.
 */
import type { Side } from '../domain/records/fields.ts';
import { quoteTick, tradeTick, type MarketTick } from '../domain/tick.ts';
import { isConstantAt, makeShape, type Cut, type Shape } from './tick-shape.ts';

/** An instrument with its names as they stand in a record, and the shape of its last ticks. */
export interface ScannedInstrument {
  readonly venue: Uint8Array;
  readonly symbol: Uint8Array;
  shape: Shape | null;
  /** Ticks of another shape since it was learnt. */
  mismatches: number;
}

/** Learning costs more than a tick: of several producers' shapes one stays for a while. */
const MISMATCHES_MAX = 16;

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const LAST_PRINTABLE = 0x7e;

const ID_LENGTH_MAX = 64;
/** Up to here digits and their power of ten are exact, so one division rounds as a parser would. */
const MANTISSA_MAX = 2 ** 53;
const FRACTION_DIGITS_MAX = 20;
const POWERS = Float64Array.from({ length: FRACTION_DIGITS_MAX + 1 }, (_, i) => 10 ** i);

const toBytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

const NAMES = [
  'kind',
  'venue',
  'symbol',
  'id',
  'ts',
  'price',
  'size',
  'side',
  'bid',
  'ask',
  'bid_size',
  'ask_size',
] as const;
const FIELDS = NAMES.map((name) => toBytes(`"${name}":`));
// Numbered as they are named; the zeros are for the compiler.
const [KIND = 0, VENUE = 0, SYMBOL = 0, ID = 0, TS = 0, PRICE = 0, SIZE = 0, ...OTHERS] =
  NAMES.keys();
const [SIDE = 0, BID = 0, ASK = 0, BID_SIZE = 0, ASK_SIZE = 0] = OTHERS;

const COMMON = (1 << KIND) | (1 << VENUE) | (1 << SYMBOL) | (1 << TS);
const TRADE_NEEDS = COMMON | (1 << PRICE) | (1 << SIZE);
const TRADE_MAY = TRADE_NEEDS | (1 << ID) | (1 << SIDE);
const QUOTE_NEEDS = COMMON | (1 << BID) | (1 << ASK);
const QUOTE_MAY = QUOTE_NEEDS | (1 << ID) | (1 << BID_SIZE) | (1 << ASK_SIZE);

const TRADE = toBytes('trade"');
const QUOTED = toBytes('quote"');
const BUY = toBytes('buy');
const SELL = toBytes('sell');

/** Not re-entrant: one for a process is enough. */
export class TickScanner {
  /** The memory in which the record lies, mostly that of a whole fetch, and two ways to read it. */
  #memory: ArrayBufferLike = new ArrayBuffer(0);
  #bytes = Buffer.from(this.#memory);
  #view = new DataView(this.#memory);
  #at = 0;
  #end = 0;
  /** Which field came at which place in the tick before: nearly always it comes there again. */
  readonly #order = new Uint8Array(NAMES.length);
  readonly #numbers = new Float64Array(NAMES.length);
  #seen = 0;
  #isTrade = false;
  #side: Side | null = null;
  #idFrom = 0;
  #idTo = 0;
  readonly #cuts: Cut[] = [];

  /** The ticks of one record, one or a frame, all of the instrument; null: not decided here. */
  scan(value: Buffer, instrument: ScannedInstrument): MarketTick[] | null {
    const { buffer, byteOffset, length } = value;
    if (buffer !== this.#memory) {
      this.#memory = buffer;
      this.#bytes = Buffer.from(buffer);
      this.#view = new DataView(buffer);
    }
    this.#at = byteOffset;
    this.#end = byteOffset + length;
    if (length > 0 && this.#bytes[byteOffset] === BRACKET_OPEN) return this.#frame(instrument);
    const tick = this.#tick(instrument);
    return tick === null || this.#at !== this.#end ? null : [tick];
  }

  #frame(instrument: ScannedInstrument): MarketTick[] | null {
    const bytes = this.#bytes;
    const ticks: MarketTick[] = [];
    this.#at += 1;
    for (;;) {
      const tick = this.#tick(instrument);
      if (tick === null || this.#at >= this.#end) return null;
      ticks.push(tick);
      const next = bytes[this.#at++];
      if (next === BRACKET_CLOSE) return this.#at === this.#end ? ticks : null;
      if (next !== COMMA) return null;
      if (bytes[this.#at] === SPACE) this.#at += 1;
    }
  }

  #tick(instrument: ScannedInstrument): MarketTick | null {
    const from = this.#at;
    const { shape } = instrument;
    if (shape !== null) {
      if (this.#byShape(shape)) return this.#made();
      this.#at = from;
      instrument.mismatches += 1;
    }
    const tick = this.#byFields(instrument) ? this.#made() : null;
    const learns = shape === null || instrument.mismatches >= MISMATCHES_MAX;
    if (tick !== null && learns && this.#at <= this.#end) {
      instrument.shape = {
        ...makeShape(this.#bytes, from, this.#at, this.#cuts),
        seen: this.#seen,
        isTrade: this.#isTrade,
      };
      instrument.mismatches = 0;
    }
    return tick;
  }

  /** What the shape fixes was sound when it was learnt: `#seen` and `#isTrade` come with it. */
  #byShape({ constants, fields, isText, seen, isTrade }: Shape): boolean {
    const view = this.#view;
    for (let i = 0; i < fields.length; i++) {
      const constant = constants[i] as Shape['constants'][number];
      if (!isConstantAt(view, this.#at, constant)) return false;
      this.#at += constant.length;
      if (!this.#differing(fields[i] as number, isText[i] as boolean)) return false;
    }
    const last = constants[fields.length] as Shape['constants'][number];
    if (!isConstantAt(view, this.#at, last)) return false;
    this.#at += last.length;
    this.#seen = seen;
    this.#isTrade = isTrade;
    return true;
  }

  #differing(field: number, isText: boolean): boolean {
    switch (field) {
      case ID:
        return this.#id();
      case SIDE:
        return this.#sideText();
      case TS:
        return this.#integer();
      default:
        return this.#amount(field, isText);
    }
  }

  #byFields(instrument: ScannedInstrument): boolean {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== BRACE_OPEN) return false;
    this.#at += 1;
    this.#seen = 0;
    this.#cuts.length = 0;
    for (let place = 0; place < NAMES.length; place++) {
      const field = this.#field(place);
      if (field < 0 || (this.#seen & (1 << field)) !== 0) return false;
      this.#seen |= 1 << field;
      if (bytes[this.#at] === SPACE) this.#at += 1;
      if (!this.#value(field, instrument)) return false;
      const next = bytes[this.#at++];
      if (next === BRACE_CLOSE) return true;
      if (next !== COMMA) return false;
      if (bytes[this.#at] === SPACE) this.#at += 1;
    }
    return false;
  }

  /** -1: none that we know. */
  #field(place: number): number {
    const expected = this.#order[place] as number;
    if (this.#take(FIELDS[expected] as Uint8Array)) return expected;
    for (let field = 0; field < FIELDS.length; field++) {
      if (!this.#take(FIELDS[field] as Uint8Array)) continue;
      this.#order[place] = field;
      return field;
    }
    return -1;
  }

  #value(field: number, instrument: ScannedInstrument): boolean {
    switch (field) {
      case KIND:
        this.#isTrade = this.#text(TRADE);
        return this.#isTrade || this.#text(QUOTED);
      case VENUE:
        return this.#text(instrument.venue);
      case SYMBOL:
        return this.#text(instrument.symbol);
      default:
        return this.#cut(field);
    }
  }

  /** A value that differs from tick to tick, between quotes or not. */
  #cut(field: number): boolean {
    const bytes = this.#bytes;
    const isText = bytes[this.#at] === QUOTE;
    if (isText ? field === TS : field === ID || field === SIDE) return false;
    if (isText) this.#at += 1;
    const from = this.#at;
    if (!this.#differing(field, isText)) return false;
    this.#cuts.push({ field, from, to: this.#at, isText });
    if (isText && bytes[this.#at++] !== QUOTE) return false;
    return true;
  }

  #made(): MarketTick | null {
    const n = this.#numbers;
    const seen = this.#seen;
    const ts = n[TS] as number;
    const id =
      (seen & (1 << ID)) === 0 ? null : this.#bytes.toString('latin1', this.#idFrom, this.#idTo);
    if (this.#isTrade) {
      if ((seen & TRADE_NEEDS) !== TRADE_NEEDS || (seen & ~TRADE_MAY) !== 0) return null;
      if (n[PRICE] === 0) return null;
      const side = (seen & (1 << SIDE)) === 0 ? null : this.#side;
      return tradeTick(ts, id, n[PRICE] as number, n[SIZE] as number, side);
    }
    if ((seen & QUOTE_NEEDS) !== QUOTE_NEEDS || (seen & ~QUOTE_MAY) !== 0) return null;
    if (n[BID] === 0 || n[ASK] === 0) return null;
    const bidSize = (seen & (1 << BID_SIZE)) === 0 ? NaN : (n[BID_SIZE] as number);
    const askSize = (seen & (1 << ASK_SIZE)) === 0 ? NaN : (n[ASK_SIZE] as number);
    return quoteTick(ts, id, n[BID] as number, n[ASK] as number, bidSize, askSize);
  }

  /** Moves behind `expected` if it comes next. */
  #take(expected: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
    this.#at = at + expected.length;
    return true;
  }

  /** A text with its closing quote. */
  #text(expected: Uint8Array): boolean {
    if (this.#bytes[this.#at] !== QUOTE) return false;
    this.#at += 1;
    if (this.#take(expected)) return true;
    this.#at -= 1;
    return false;
  }

  #sideText(): boolean {
    this.#side = this.#take(BUY) ? 'buy' : 'sell';
    return this.#side === 'buy' || this.#take(SELL);
  }

  #id(): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    this.#idFrom = at;
    for (;;) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) break;
      // What lies behind the end is undefined, and not within these bounds either.
      if (!(byte > SPACE && byte <= LAST_PRINTABLE) || byte === BACKSLASH) return false;
      at += 1;
    }
    this.#idTo = at;
    this.#at = at;
    const length = at - this.#idFrom;
    return length > 0 && length <= ID_LENGTH_MAX;
  }

  #integer(): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    const from = at;
    let value = 0;
    for (
      let byte = bytes[at] as number;
      byte >= ZERO && byte <= NINE;
      byte = bytes[++at] as number
    ) {
      value = value * 10 + (byte - ZERO);
    }
    // JSON knows no leading zeros, and a larger one may have been rounded.
    if (at === from || value >= MANTISSA_MAX || (bytes[from] === ZERO && at > from + 1))
      return false;
    this.#numbers[TS] = value;
    this.#at = at;
    return true;
  }

  /** A price or size at or above 0. */
  #amount(field: number, isText: boolean): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    const from = at;
    let mantissa = 0;
    let byte = bytes[at] as number;
    for (; byte >= ZERO && byte <= NINE; byte = bytes[++at] as number) {
      mantissa = mantissa * 10 + (byte - ZERO);
    }
    const whole = at - from;
    if (whole === 0 || whole > FRACTION_DIGITS_MAX) return false;
    if (!isText && whole > 1 && bytes[from] === ZERO) return false;
    let fraction = 0;
    if (byte === POINT) {
      const point = at;
      byte = bytes[++at] as number;
      for (; byte >= ZERO && byte <= NINE; byte = bytes[++at] as number) {
        mantissa = mantissa * 10 + (byte - ZERO);
      }
      fraction = at - point - 1;
      if (fraction === 0 || fraction > FRACTION_DIGITS_MAX) return false;
    }
    if (mantissa >= MANTISSA_MAX) return false;
    this.#numbers[field] = fraction === 0 ? mantissa : mantissa / (POWERS[fraction] as number);
    this.#at = at;
    return true;
  }
}

/** What the scanner compares a record's names with: as JSON writes them, in UTF-8. */
export const scannedInstrument = (venue: string, symbol: string): ScannedInstrument => ({
  venue: toBytes(`${venue}"`),
  symbol: Uint8Array.from(Buffer.from(JSON.stringify(symbol).slice(1), 'utf8')),
  shape: null,
  mismatches: 0,
});
