/**
 * The shape of an instrument's ticks: the bytes that are the same in each of them, and the fields
 * between those. A producer writes every tick of an instrument alike, so nearly all of a record is
 * compared by words of four bytes, and only what differs is read.
 */

/** Bytes to be compared, the last word only where its mask has bits. */
interface Constant {
  readonly words: Int32Array;
  readonly tail: number;
  readonly mask: number;
  readonly length: number;
}

/** A field's value in a tick: which one, and where it stands. */
export interface Cut {
  readonly field: number;
  readonly from: number;
  readonly to: number;
  /** An amount between quotes, where leading zeros are allowed. */
  readonly isText: boolean;
}

export interface Shape {
  /** One more than there are fields: what stands before each, and behind the last. */
  readonly constants: readonly Constant[];
  readonly fields: Uint8Array;
  readonly isText: readonly boolean[];
  /** Bits of all fields, those that never differ among them. */
  readonly seen: number;
  readonly isTrade: boolean;
}

/** Of a tick that lies at [from, to) and whose differing values are `cuts`, in their order. */
export function makeShape(
  buffer: Buffer,
  from: number,
  to: number,
  cuts: readonly Cut[],
): Pick<Shape, 'constants' | 'fields' | 'isText'> {
  const starts = [from, ...cuts.map((cut) => cut.to)];
  const ends = [...cuts.map((cut) => cut.from), to];
  return {
    constants: starts.map((start, i) => sharedConstant(buffer.subarray(start, ends[i]))),
    fields: Uint8Array.from(cuts, ({ field }) => field),
    isText: cuts.map(({ isText }) => isText),
  };
}

const CONSTANTS_MAX = 100_000;
const pool = new Map<string, Constant>();

/**
 * One object for the same bytes: of thousands of instruments that one producer writes, all but the
 * names is alike, and what all of them share stays in the processor's cache.
 */
function sharedConstant(bytes: Buffer): Constant {
  const text = bytes.toString('latin1');
  const known = pool.get(text);
  if (known !== undefined) return known;
  if (pool.size >= CONSTANTS_MAX) pool.clear();
  const constant = toWords(bytes);
  pool.set(text, constant);
  return constant;
}

function toWords(bytes: Buffer): Constant {
  const { length } = bytes;
  const whole = length >> 2;
  const padded = Buffer.alloc(4 * (whole + 1));
  bytes.copy(padded);
  const rest = length & 3;
  return {
    words: Int32Array.from({ length: whole }, (_, i) => padded.readInt32LE(4 * i)),
    tail: padded.readInt32LE(4 * whole),
    mask: rest === 0 ? 0 : -1 >>> (32 - 8 * rest),
    length,
  };
}

/** Whether the bytes stand at `at`; not known where the view ends within the next word. */
export function isConstantAt(view: DataView, at: number, constant: Constant): boolean {
  const { words, mask } = constant;
  if (at + constant.length + 4 > view.byteLength) return false;
  const from = at | 0;
  for (let i = 0; i < words.length; i++) {
    if (view.getInt32(from + (i << 2), true) !== words[i]) return false;
  }
  const tailAt = from + (words.length << 2);
  return mask === 0 || (view.getInt32(tailAt, true) & mask) === constant.tail;
}
