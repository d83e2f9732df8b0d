/**
 * bytes -> their text, the same string for the same bytes as long as they come often
 *
 * Keys of records come again and again: a string that is there already costs no garbage, and a map
 * that is looked up with it need not hash it again.
 */
const SLOTS = 2 ** 16;
const LENGTH_MAX = 128;

interface Slot {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** By hash; a newcomer takes the place of who was there before. */
const slots: (Slot | undefined)[] = Array.from({ length: SLOTS });

export function internedText(buffer: Buffer, from: number, length: number): string {
  if (length > LENGTH_MAX) return buffer.toString('utf8', from, from + length);
  let hash = length;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (buffer[from + i] as number), 16777619);
  const at = (hash ^ (hash >>> 16)) & (SLOTS - 1);
  const slot = slots[at];
  if (slot !== undefined && isAt(slot.bytes, buffer, from, length)) return slot.text;
  const text = buffer.toString('utf8', from, from + length);
  slots[at] = { bytes: Uint8Array.prototype.slice.call(buffer, from, from + length), text };
  return text;
}

function isAt(bytes: Uint8Array, buffer: Buffer, from: number, length: number): boolean {
  if (bytes.length !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[i] !== buffer[from + i]) return false;
  return true;
}
