/**
 * Where a page of a list ended, as an opaque text: the last item's key. Reading on from there needs
 * no state in the server, and new rows do not shift the pages.
 */
import { badParameter } from './problem.ts';

export type CursorPart = string | number | null;

export const encodeCursor = (parts: readonly CursorPart[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

/** The parts of a cursor of `length` parts. A text that is none of ours is a 400. */
export function decodeCursor(text: string, length: number): CursorPart[] {
  const parts = parse(text);
  const sound =
    Array.isArray(parts) &&
    parts.length === length &&
    parts.every((p) => p === null || isText(p) || Number.isSafeInteger(p));
  if (!sound) throw badParameter('after', 'is not the "next" of an earlier page of this list');
  return parts as CursorPart[];
}

const isText = (part: unknown): boolean => typeof part === 'string' && !part.includes('\0');

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
