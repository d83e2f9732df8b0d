/** Throws when `condition` does not hold: a bug of ours, never bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${message}`);
}

/** The value itself, or an error when it is missing: a bug of ours, never bad input. */
export function must<T>(value: T | null | undefined, message = 'a value is missing'): T {
  assert(value !== null && value !== undefined, message);
  return value;
}
