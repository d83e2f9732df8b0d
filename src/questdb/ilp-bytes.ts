/**
 * Ready pieces, numbers and texts -> their bytes in ILP, in one growing buffer.
 *
 * Every loop here was measured: a call of the runtime costs as much as 8 characters or 20 bytes of
 * a loop, and a loop by words or four digits a quarter of one by bytes.
 */

/** Ready bytes, in little-endian words of four because they are copied in those. */
export interface Piece {
  readonly words: Int32Array;
  readonly length: number;
}

/** Doubles that follow each other: copied at once and then filled in, when none of them is null. */
export interface Run {
  readonly template: Buffer;
  /** Where in the template the values are. */
  readonly values: Int32Array;
}

const MINUS = 0x2d;
const BACKSLASH = 0x5c;

const START_BYTES = 64 * 1024;
/** The client's own limit. The writer halves what does not fit. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A buffer that is written through. `reserve` comes before whatever it makes room for: nothing else
 * asks whether there is any.
 */
export class GrowingBytes {
  bytes = Buffer.allocUnsafeSlow(START_BYTES);
  at = 0;
  #view = new DataView(this.bytes.buffer);

  clear(): void {
    this.at = 0;
  }

  copy(): Buffer {
    const copied = Buffer.allocUnsafe(this.at);
    this.bytes.copy(copied, 0, 0, this.at);
    return copied;
  }

  reserve(more: number): void {
    if (this.at + more > this.bytes.length) this.#grow(this.at + more);
  }

  #grow(needed: number): void {
    if (needed > MAX_BYTES) throw new Error(`the rows need more than ${MAX_BYTES} bytes`);
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  byte(value: number): void {
    this.bytes[this.at] = value;
    this.at += 1;
  }

  /** Up to three bytes behind it are written too: whatever comes next overwrites them. */
  piece({ words, length }: Piece): void {
    const view = this.#view;
    const at = this.at | 0;
    for (let i = 0; i < words.length; i++) {
      view.setInt32((at + (i << 2)) | 0, words[i] as number, true);
    }
    this.at = at + length;
  }

  double(value: number): void {
    this.#view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** False, and nothing is written, when one of the numbers is missing. */
  run({ template, values }: Run, numbers: Float64Array, slot: number): boolean {
    const view = this.#view;
    const at = this.at | 0;
    this.bytes.set(template, at);
    for (let i = 0; i < values.length; i++) {
      const value = numbers[slot + i] as number;
      if (Number.isNaN(value)) return false;
      view.setFloat64((at + (values[i] as number)) | 0, value, true);
    }
    this.at = at + template.length;
    return true;
  }

  /** As it stands between quotes. */
  text(text: string): void {
    const { bytes } = this;
    const { length } = text;
    let at = this.at | 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return this.#unicode(text);
      if (ESCAPED[code] === 1) {
        bytes[at] = BACKSLASH;
        at = (at + 1) | 0;
      }
      bytes[at] = code;
      at = (at + 1) | 0;
    }
    this.at = at;
  }

  #unicode(text: string): void {
    this.at += this.bytes.write(text.replace(/["\\\n\r]/g, '\\$&'), this.at);
  }

  /** Of a safe integer, by four digits at a time. */
  integer(value: number): void {
    if (value < 0) this.byte(MINUS);
    const size = Math.abs(value);
    if (size < 1e8) return this.#short(size);
    const high = Math.floor(size / 1e8);
    this.#short(high);
    const low = (size - high * 1e8) | 0;
    const top = (low / 1e4) | 0;
    this.#fourDigits(top);
    this.#fourDigits(low - 1e4 * top);
  }

  #short(value: number): void {
    if (value < 1e4) return this.#leading(value | 0);
    const top = (value / 1e4) | 0;
    this.#leading(top);
    this.#fourDigits((value - 1e4 * top) | 0);
  }

  #leading(value: number): void {
    const zeros = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;
    this.#view.setInt32(this.at, (FOUR_DIGITS[value] as number) >>> (8 * zeros), true);
    this.at += 4 - zeros;
  }

  #fourDigits(value: number): void {
    this.#view.setInt32(this.at, FOUR_DIGITS[value] as number, true);
    this.at += 4;
  }
}

export function makePiece(text: string): Piece {
  return { words: toWords(text), length: Buffer.byteLength(text) };
}

function toWords(text: string): Int32Array {
  const length = Math.ceil(Buffer.byteLength(text) / 4);
  const padded = Buffer.alloc(4 * length);
  padded.write(text);
  return Int32Array.from({ length }, (_, i) => padded.readInt32LE(4 * i));
}

const ESCAPED = new Uint8Array(128);
for (const character of '"\\\n\r') ESCAPED[character.charCodeAt(0)] = 1;

/** `0000` to `9999`, a word each. */
const FOUR_DIGITS = toWords(
  Array.from({ length: 10_000 }, (_, n) => String(n).padStart(4, '0')).join(''),
);
